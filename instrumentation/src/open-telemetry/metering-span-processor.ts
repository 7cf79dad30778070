import { holderStorage } from "../tenant/holders.ts";
import type { Holder } from "../tenant/holder.ts";
import { SPAN_KIND_SERVER } from "./app-api.ts";
import type { SpanAttributes } from "./app-api.ts";
import { requestMarks, tenantMarks } from "./request-marks.ts";

/** OpenTelemetry's `Span` as an SDK hands it to processors, as far as it is used. */
export interface ProcessedSpan {
  readonly kind: number;
  setAttributes(attributes: SpanAttributes): unknown;
}

/** OpenTelemetry's `SpanProcessor`, of the 2.x and the 3.x SDK alike. */
export interface MeteringSpanProcessor {
  onStart(span: ProcessedSpan): void;
  onEnding(span: ProcessedSpan): void;
  onEnd(): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * A span processor for an app that owns an SDK: its spans get the tenant (`quotel.tenant.id`), the SERVER spans of its
 * requests the id of our event, too, and the mark that they do not count beside it. Needs `register` in the same process;
 * changes nothing without it. Put it before the exporting processor.
 *
 * The tenant is the one known when the span ends, where the SDK tells of that (`onEnding`, SDK 2.1 and newer), else the one
 * known when it starts. Never throws.
 *
 *     new NodeSDK({ spanProcessors: [meteringSpanProcessor(), exportingProcessor] }).start();
 */
export function meteringSpanProcessor(): MeteringSpanProcessor {
  /** On whose behalf a span was started: when it ends, the current context may be another's. */
  const holders = new WeakMap<ProcessedSpan, Holder>();
  return {
    onStart(span) {
      const holder = holderStorage().getStore();
      if (holder === undefined) return;
      holders.set(span, holder);
      span.setAttributes(tenantMarks(holder));
      if (span.kind === SPAN_KIND_SERVER) span.setAttributes(requestMarks(holder));
    },
    onEnding(span) {
      const holder = holders.get(span);
      if (holder !== undefined) span.setAttributes(tenantMarks(holder));
    },
    onEnd() {},
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}
