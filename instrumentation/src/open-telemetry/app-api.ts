/**
 * The app's OpenTelemetry, where it has one, read through the global that every 1.x copy of `@opentelemetry/api` shares.
 * Nothing is imported, so nothing is registered and no second copy of the API meets the app's (it would disable it). It is
 * looked up at every use: the app may start its SDK after us.
 */
interface AppApi {
  readonly context?: ContextManager;
  readonly trace?: TracerProvider;
}
interface ContextManager {
  active(): AppContext;
  with<T>(context: AppContext, fn: () => T): T;
}
interface TracerProvider {
  getTracer(name: string, version: string): Tracer;
}

/** OpenTelemetry's `Context`. */
export interface AppContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): AppContext;
}

/** OpenTelemetry's `Tracer`, as far as it is used. */
export interface Tracer {
  startSpan(name: string, options: SpanOptions, context: AppContext | undefined): AppSpan;
}
interface SpanOptions {
  readonly kind: number;
  readonly attributes: SpanAttributes;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** OpenTelemetry's `Span`, as far as it is used. */
export interface AppSpan {
  spanContext(): SpanIds;
  setAttributes(attributes: SpanAttributes): unknown;
  setStatus(status: { readonly code: number }): unknown;
  end(): void;
}

/** `SpanKind` and `SpanStatusCode` of the API. */
export const SPAN_KIND_SERVER = 1;
export const SPAN_KIND_CLIENT = 2;
export const SPAN_STATUS_ERROR = 2;

const API = Symbol.for("opentelemetry.js.api.1");
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");
const RPC_KEY = Symbol.for("OpenTelemetry SDK Context Key RPC_METADATA");
const SUPPRESS_KEY = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

function appApi(): AppApi {
  return (globalThis as { [API]?: AppApi })[API] ?? {};
}

/** The app's active context; undefined where it has no context manager. Never throws. */
export function activeContext(): AppContext | undefined {
  try {
    return appApi().context?.active();
  } catch {
    return undefined;
  }
}

/** The span of a context; undefined: it has none. */
export function spanIn(context: AppContext | undefined): AppSpan | undefined {
  return context?.getValue(SPAN_KEY) as AppSpan | undefined;
}

/** Ids of the active span, sampled or not; null where the app has no tracing or no active span. */
export function activeSpanIds(context = activeContext()): SpanIds | null {
  try {
    const span = spanIn(context);
    return span === undefined ? null : idsOf(span);
  } catch {
    return null;
  }
}

/** The ids of a span, or null where they are not valid ones: the span exists in name only. */
export function idsOf(span: AppSpan): SpanIds | null {
  const { traceId, spanId } = span.spanContext();
  return /^(?!0{32})[0-9a-f]{32}$/.test(traceId) && /^(?!0{16})[0-9a-f]{16}$/.test(spanId) ? { traceId, spanId } : null;
}

/** A tracer of the app's; undefined where it has no tracing. */
export function appTracer(name: string, version: string): Tracer | undefined {
  return appApi().trace?.getTracer(name, version);
}

/** The route that an instrumentation of the app's (of Koa, hapi, ...) has found for the active request; undefined: none has. */
export function activeRoute(): string | undefined {
  try {
    const metadata = activeContext()?.getValue(RPC_KEY) as { readonly route?: unknown } | undefined;
    return typeof metadata?.route === "string" ? metadata.route : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `fn` so that the app's own HTTP instrumentation makes no span of our requests. */
export function withoutTracing<T>(fn: () => T): T {
  const manager = appApi().context;
  return manager === undefined ? fn() : manager.with(manager.active().setValue(SUPPRESS_KEY, true), fn);
}
