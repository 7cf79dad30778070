import fc from "fast-check";
import { expect, test } from "vitest";

import { encodeHeader, encodeLine, readSegment } from "../../../instrumentation/src/metering/spool/segment-format.ts";

const HEADER = { serviceName: "chat-api", scopeVersion: "0.1.0" };
const spanText = fc.record({ name: fc.string({ unit: "binary" }) }).map((span) => JSON.stringify(span));
const spanTexts = fc.array(spanText, { minLength: 1, maxLength: 12 });

function segmentOf(spans: readonly string[]): Buffer {
  return Buffer.from(encodeHeader(HEADER) + spans.map(encodeLine).join(""));
}

/** How many spans lie wholly before `position`; -1 = not even the header. */
function spansBefore(segment: Buffer, position: number): number {
  return segment.subarray(0, position).filter((byte) => byte === 0x0a).length - 1;
}

/** Whether `some` is `all` with some left out. */
function isSubsequence(some: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const one of all) if (at < some.length && some[at] === one) at += 1;
  return at === some.length;
}

test("a segment is read as it was written", () => {
  fc.assert(
    fc.property(spanTexts, (spans) => {
      expect(readSegment(segmentOf(spans))).toEqual({ header: HEADER, items: spans, damaged: 0 });
    }),
  );
});

test("of a segment cut off anywhere every span before the cut is read, and nothing else", () => {
  fc.assert(
    fc.property(spanTexts, fc.nat(), (spans, seed) => {
      const segment = segmentOf(spans);
      const cut = seed % segment.length;
      const whole = spansBefore(segment, cut);
      const read = readSegment(segment.subarray(0, cut));
      expect(read.items).toEqual(spans.slice(0, Math.max(0, whole)));
      expect(read.header).toEqual(whole < 0 ? null : HEADER);
      expect(read.damaged).toBeLessThanOrEqual(1);
    }),
    { numRuns: 500 },
  );
});

test("of a segment with a byte flipped every span before it is read, and none is invented", () => {
  fc.assert(
    fc.property(spanTexts, fc.nat(), fc.integer({ min: 1, max: 255 }), (spans, seed, flip) => {
      const segment = segmentOf(spans);
      const position = seed % segment.length;
      segment[position]! ^= flip;
      const intact = Math.max(0, spansBefore(segmentOf(spans), position));
      const read = readSegment(segment);
      expect(read.items.slice(0, intact)).toEqual(spans.slice(0, intact));
      expect(isSubsequence(read.items, spans)).toBe(true);
      // A flipped newline takes the line behind it along.
      expect(read.items.length).toBeGreaterThanOrEqual(spans.length - 2);
      expect(read.damaged).toBeGreaterThanOrEqual(1);
    }),
    { numRuns: 2_000 },
  );
});

test("from bytes of any kind no span is read that was not written", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(readSegment(Buffer.from(bytes))).toMatchObject({ header: null, items: [] });
    }),
  );
});
