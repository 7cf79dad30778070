/**
 * The app's OpenTelemetry, where it has one, read through the global that every 1.x copy of `@opentelemetry/api` shares.
 * Nothing is imported, so nothing is registered and no second copy of the API meets the app's (it would disable it).
 */
interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
}
interface ContextManager {
  active(): Context;
  with<T>(context: Context, fn: () => T): T;
}
interface SpanLike {
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

const API = Symbol.for("opentelemetry.js.api.1");
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");
const RPC_KEY = Symbol.for("OpenTelemetry SDK Context Key RPC_METADATA");
const SUPPRESS_KEY = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

function contextManager(): ContextManager | null {
  const api = (globalThis as { [API]?: { context?: ContextManager } })[API];
  return api?.context ?? null;
}

/** Ids of the active span, sampled or not; null where the app has no tracing or no active span. */
export function activeSpan(): { traceId: string; spanId: string } | null {
  try {
    const span = contextManager()?.active().getValue(SPAN_KEY) as SpanLike | undefined;
    if (span === undefined) return null;
    const { traceId, spanId } = span.spanContext();
    return /^(?!0{32})[0-9a-f]{32}$/.test(traceId) && /^(?!0{16})[0-9a-f]{16}$/.test(spanId)
      ? { traceId, spanId }
      : null;
  } catch {
    return null;
  }
}

/** The route that an instrumentation of the app's (of Koa, hapi, ...) has found for the active request; undefined: none has. */
export function activeRoute(): string | undefined {
  try {
    const metadata = contextManager()?.active().getValue(RPC_KEY) as { readonly route?: unknown } | undefined;
    return typeof metadata?.route === "string" ? metadata.route : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `fn` so that the app's own HTTP instrumentation makes no span of our requests. */
export function withoutTracing<T>(fn: () => T): T {
  const manager = contextManager();
  return manager === null ? fn() : manager.with(manager.active().setValue(SUPPRESS_KEY, true), fn);
}
