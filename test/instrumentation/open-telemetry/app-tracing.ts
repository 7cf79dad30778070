import { AsyncLocalStorage } from "node:async_hooks";

import { ROOT_CONTEXT, context, trace } from "@opentelemetry/api";
import type { Context, ContextManager } from "@opentelemetry/api";
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  RandomIdGenerator,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { ReadableSpan, Sampler, SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace";

import { QUOTEL_SCOPE_NAME } from "@quotel/conventions";

/** Tracing as an app owns it. */
export interface AppTracing {
  /** What its exporter got so far. */
  spans(): ReadableSpan[];
  /** Of these, the ones that we added. */
  callSpans(): ReadableSpan[];
}

interface AppTracingOptions {
  readonly sampler?: Sampler;
  /** Span processors, the exporting one among them where there is one; default: only that. */
  readonly processors?: (exporting: SpanProcessor) => SpanProcessor[];
  /** Of every trace; default: random ones. */
  readonly traceId?: string;
  /** What the exporting processor exports to; `exporter` keeps the spans. */
  readonly through?: (exporter: InMemorySpanExporter) => SpanExporter;
}

/** Registers an SDK and a context manager globally, as an app does. `stopAppTracing` takes them away. */
export function startAppTracing({ sampler, processors, through, traceId }: AppTracingOptions = {}): AppTracing {
  const random = new RandomIdGenerator();
  const exporter = new InMemorySpanExporter();
  const exporting = new SimpleSpanProcessor({ exporter: through?.(exporter) ?? exporter });
  context.setGlobalContextManager(new AsyncContextManager());
  trace.setGlobalTracerProvider(
    new TracerProvider({
      sampler: sampler ?? new AlwaysOnSampler(),
      idGenerator: {
        generateTraceId: () => traceId ?? random.generateTraceId(),
        generateSpanId: () => random.generateSpanId(),
      },
      spanProcessors: processors?.(exporting) ?? [exporting],
    }),
  );
  const spans = () => exporter.getFinishedSpans();
  return {
    spans,
    callSpans: () => spans().filter((span) => span.instrumentationScope.name === QUOTEL_SCOPE_NAME),
  };
}

export function stopAppTracing(): void {
  trace.disable();
  context.disable();
}

/** A context manager as every Node SDK brings one. */
export class AsyncContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }
  with: ContextManager["with"] = (active, fn, thisArg, ...args) =>
    this.#storage.run(active, () => Reflect.apply(fn, thisArg, args));
  bind: ContextManager["bind"] = (_active, target) => target;
  enable(): this {
    return this;
  }
  disable(): this {
    this.#storage.disable();
    return this;
  }
}
