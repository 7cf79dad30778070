import fc from "fast-check";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/** What a random span must decode to, in plain values. */
export interface ExpectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly flags: number;
  readonly kind: number;
  readonly name: string;
  readonly startMicros: number;
  readonly endMicros: number;
  readonly statusCode: number;
  readonly attributes: [string, unknown][];
  readonly resource: [string, unknown][];
  readonly scope: { readonly name: string; readonly version: string };
}

/** Attribute names the test's decoders keep; the others have to be passed over. */
export const KEPT_NAMES = ["a", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "quotel.tenant.id", "ключ"];
const DROPPED_NAMES = ["b", "gen_ai.usage.input_tokenz", "gen_ai.usage.input_token", "quotel.tenant.ie", "events"];

export const hexId = (digits: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: digits / 2, maxLength: digits / 2 }).map((bytes) => Buffer.from(bytes).toString("hex"));
export const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }).filter((value) => value.isWellFormed()),
  fc.constantFrom("gpt-4o", "tenant-1", "é", "\u0000", "x".repeat(64), "x".repeat(65)),
);
const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => Math.abs(value) < 1e15),
);
const nested = fc.oneof(fc.array(text, { maxLength: 3 }), fc.array(fc.integer(), { maxLength: 3 }));
export const attributes = fc.dictionary(fc.constantFrom(...KEPT_NAMES, ...DROPPED_NAMES), fc.oneof(scalar, nested), {
  noNullPrototype: true,
});
export const hrTime = fc.tuple(fc.integer({ min: 0, max: 4_000_000_000 }), fc.integer({ min: 0, max: 999_999_999 }));

const scopeAndResource = fc.record({
  scope: fc.record({ name: text, version: text }),
  resource: attributes,
});

/** Spans as the OpenTelemetry JS SDK hands them to an exporter; some share a resource and scope. */
export const readableSpans: fc.Arbitrary<ReadableSpan[]> = fc
  .array(scopeAndResource, { minLength: 1, maxLength: 3 })
  .chain((origins) => fc.array(readableSpan(origins), { maxLength: 6 }));

function readableSpan(
  origins: { scope: { name: string; version: string }; resource: Record<string, unknown> }[],
): fc.Arbitrary<ReadableSpan> {
  return fc
    .record({
      origin: fc.constantFrom(...origins),
      traceId: hexId(32),
      spanId: hexId(16),
      parentSpanId: fc.option(hexId(16), { nil: undefined }),
      isRemote: fc.boolean(),
      name: text,
      kind: fc.integer({ min: 0, max: 4 }),
      startTime: hrTime,
      endTime: hrTime,
      status: fc.integer({ min: 0, max: 2 }),
      attributes,
      events: fc.array(fc.record({ name: text, time: hrTime, attributes }), { maxLength: 2 }),
    })
    .map(({ origin, traceId, spanId, parentSpanId, isRemote, status, events, ...rest }) => ({
      ...rest,
      spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
      ...(parentSpanId && { parentSpanContext: { traceId, spanId: parentSpanId, traceFlags: 1, isRemote } }),
      status: { code: status, message: "m" },
      events,
      links: [{ context: { traceId, spanId, traceFlags: 0 }, attributes: { a: "link" } }],
      duration: [0, 0],
      ended: true,
      resource: { attributes: origin.resource } as unknown as ReadableSpan["resource"],
      instrumentationScope: origin.scope,
      droppedAttributesCount: 300,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    })) as fc.Arbitrary<ReadableSpan>;
}

/** The brute-force answer: computed with BigInt and objects, sharing nothing with the decoders. */
export function expectedOf(span: ReadableSpan): ExpectedSpan {
  const context = span.spanContext();
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? "",
    flags: 0x101 + (span.parentSpanContext?.isRemote ? 0x200 : 0),
    kind: span.kind + 1,
    name: span.name,
    startMicros: micros(span.startTime),
    endMicros: micros(span.endTime),
    statusCode: span.status.code,
    attributes: kept(span.attributes),
    resource: kept(span.resource.attributes),
    scope: { name: span.instrumentationScope.name, version: span.instrumentationScope.version ?? "" },
  };
}

/** An order for spans that exporters are free to regroup. */
export function inOrder<Span extends { traceId: string; spanId: string; name: string; endMicros: number }>(
  spans: readonly Span[],
): Span[] {
  const key = (span: Span): string => `${span.traceId}${span.spanId}${span.endMicros}${span.name}`;
  return spans.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

export function micros([seconds, nanos]: readonly [number, number]): number {
  return Number((BigInt(seconds) * 1_000_000_000n + BigInt(nanos)) / 1000n);
}

export function kept(all: Readonly<Record<string, unknown>>): [string, unknown][] {
  return (
    Object.entries(all)
      .filter(([name, value]) => KEPT_NAMES.includes(name) && typeof value !== "object")
      // -0 is an integer to the serialisers, and integers have one zero.
      .map(([name, value]) => [name, value === 0 ? 0 : value])
  );
}
