import { HEADER_SENT_AT } from "@quotel/conventions";
import { expect, test } from "vitest";
import { clockOffset, correctedEnd } from "../../../collector/record/clock-skew.ts";
import { postTraces, startTestCollector } from "../receive/collector-under-test.ts";
import { chatRequest } from "../receive/requests.ts";

test("the clock that a sender shows over HTTP reaches the record stage, and nonsense in its place does not", async () => {
  const collector = await startTestCollector();
  for (const sentAt of ["1790000000123456789", null, "yesterday", "-5", "0"]) {
    const answer = await postTraces(collector.url, chatRequest(1), { [HEADER_SENT_AT]: sentAt });
    expect(answer.status).toBe(200);
  }
  expect(collector.recorder.sentAt).toEqual([1_790_000_000_123_456, null, null, null, null]);
});

test("a clock is off from a minute on, and corrects nothing into the future or beyond the horizon", () => {
  const now = 1_790_000_000_000_000;
  const minute = 60_000_000;
  expect(clockOffset(null, now)).toBe(0);
  expect(clockOffset(now - minute, now)).toBe(0);
  expect(clockOffset(now + minute + 1, now)).toBe(-minute - 1);
  const endedAt = (micros: number) => ({ endedAtMicros: micros }) as Parameters<typeof correctedEnd>[0];
  expect(correctedEnd(endedAt(now), 0, now)).toBeNull();
  expect(correctedEnd(endedAt(now - 90 * minute), 60 * minute, now)).toBe(now - 30 * minute);
  expect(correctedEnd(endedAt(now), 60 * minute, now)).toBe(now);
  expect(correctedEnd(endedAt(now), -31 * 24 * 60 * minute, now)).toBeNull();
});
