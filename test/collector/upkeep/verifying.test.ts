import { expect, test } from "vitest";
import { restMs } from "../../../collector/upkeep/verifying.ts";

test("verifying rests half a minute, and only three times as long as a pass when changes have waited for hours", () => {
  expect([0, 2_000, 60_000].map((tookMs) => restMs(false, tookMs))).toEqual([30_000, 30_000, 30_000]);
  expect([0, 2_000, 60_000].map((tookMs) => restMs(true, tookMs))).toEqual([1_000, 6_000, 30_000]);
});
