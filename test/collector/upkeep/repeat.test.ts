import { expect, test } from "vitest";
import { repeat } from "../../../collector/upkeep/repeat.ts";

test("work is repeated one run at a time, a failure is told and not the end, and stopping waits for the run under way", async () => {
  let running = 0;
  let runs = 0;
  const errors: unknown[] = [];
  const repeating = repeat(
    async () => {
      running += 1;
      runs += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      if (runs % 2 === 0) throw new Error(`run ${runs}`);
    },
    { pauseMs: () => 1, onError: (error) => errors.push(error) },
  );
  await expect.poll(() => runs).toBeGreaterThan(6);
  await repeating.stop();
  expect(running).toBe(0);
  const runsAtStop = runs;
  expect(errors.length).toBe(Math.floor(runs / 2));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(runs).toBe(runsAtStop);
});

test("the pause depends on how long the run took, and comes before the first one too", async () => {
  const took: number[] = [];
  let runs = 0;
  const repeating = repeat(
    async () => {
      runs += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
    {
      pauseMs: (tookMs) => {
        took.push(tookMs);
        return 5;
      },
      onError: () => {},
    },
  );
  expect(runs).toBe(0);
  await expect.poll(() => runs).toBeGreaterThan(1);
  await repeating.stop();
  expect(took[0]).toBe(0);
  expect(took[1]).toBeGreaterThan(15);
});
