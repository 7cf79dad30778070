import fc from "fast-check";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { attributes, hexId, hrTime, micros, text } from "./random-spans.ts";

/** Attribute names whose arrays and maps the test's decoders keep. */
export const STRUCTURED_NAMES = ["old", "new"];

const scalar = fc.oneof(text, fc.boolean(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const leaf = fc.oneof(scalar, fc.constant(null), fc.uint8Array({ maxLength: 20 }));
/** Arrays and maps of everything, a few levels deep. */
export const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom("b", "a", "__proto__", "10", "9")), tie("node"), { maxKeys: 4 }),
  ),
})).node;

/** Log records as the OpenTelemetry JS SDK hands them to an exporter. */
export const logRecords: fc.Arbitrary<ReadableLogRecord[]> = fc
  .array(fc.record({ resource: attributes, scope: fc.record({ name: text, version: text }) }), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((origins) => fc.array(logRecord(origins), { maxLength: 5 }));

function logRecord(
  origins: { resource: Record<string, unknown>; scope: { name: string; version: string } }[],
): fc.Arbitrary<ReadableLogRecord> {
  return fc
    .record({
      origin: fc.constantFrom(...origins),
      hrTime,
      hrTimeObserved: hrTime,
      severityNumber: fc.integer({ min: 0, max: 24 }),
      body: fc.oneof(scalar, fc.constant(undefined), fc.array(text, { maxLength: 2 })),
      eventName: fc.oneof(text, fc.constant(undefined)),
      flat: attributes,
      trees: fc.dictionary(fc.constantFrom(...STRUCTURED_NAMES), tree, { noNullPrototype: true }),
      context: fc.option(fc.record({ traceId: hexId(32), spanId: hexId(16) }), { nil: undefined }),
    })
    .map(({ origin, flat, trees, context, ...rest }) => ({
      ...rest,
      severityText: "x",
      attributes: { ...flat, ...trees },
      ...(context && { spanContext: { ...context, traceFlags: 1 } }),
      resource: { attributes: origin.resource },
      instrumentationScope: origin.scope,
      droppedAttributesCount: 3,
    })) as unknown as fc.Arbitrary<ReadableLogRecord>;
}

export function timesOf(log: ReadableLogRecord): { timeMicros: number; observedMicros: number } {
  return { timeMicros: micros(log.hrTime), observedMicros: micros(log.hrTimeObserved) };
}

/** The brute-force canonical JSON: text put together by hand, sharing nothing with the decoders. */
export function canonical(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString("base64"));
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object") return JSON.stringify(value === 0 ? 0 : value);
  const members = value as Record<string, unknown>;
  const names = Object.keys(members).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(members[name])}`).join()}}`;
}
