import { expect, test } from "vitest";
import { laneOf } from "#database/lanes/lane-of";
import { LaneFull, LaneWriters } from "../../../collector/record/lane-writers.ts";

interface Item {
  readonly tenantId: string;
}

const TENANTS = ["a", "b", "c", "d", "e", "f", "g", "h"];
const of = (tenantId: string, count: number): Item[] => Array.from({ length: count }, () => ({ tenantId }));

/** Lanes on a database that takes nothing until `release`. */
function stuckLanes(itemsMax: number) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const committed: Item[] = [];
  const lanes = new LaneWriters<Item>(async (group) => {
    await released;
    committed.push(...group);
  }, itemsMax);
  return { lanes, committed, release };
}

test("a lane whose database is stuck takes a bounded number of items, refuses the rest, and goes on by itself", async () => {
  const { lanes, committed, release } = stuckLanes(10);
  const outcomes = await Promise.all(
    Array.from({ length: 1_000 }, async (_, index) => {
      // The first is being committed; after it each takes its turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (index === 999) setTimeout(release, 20);
      return lanes.submit(of("a", 3)).then(
        () => "committed",
        (error: unknown) => (error instanceof LaneFull ? "refused" : "failed"),
      );
    }),
  );
  expect(new Set(outcomes)).toEqual(new Set(["committed", "refused"]));
  // One group of up to 12 under way, and submissions until 40 or more wait.
  expect(committed.length).toBe(outcomes.filter((outcome) => outcome === "committed").length * 3);
  expect(committed.length).toBeLessThanOrEqual(12 + 42);
  await lanes.submit(of("a", 3));
  expect(lanes.oldestWaitMs()).toBe(0);
});

test("of a submission that one lane has no room for, no other lane commits a part", async () => {
  const { lanes, committed, release } = stuckLanes(1);
  const [full] = TENANTS;
  const other = TENANTS.find((tenantId) => laneOf(tenantId) !== laneOf(full!))!;
  const first = lanes.submit(of(full!, 1));
  await new Promise((resolve) => setImmediate(resolve));
  const waiting = lanes.submit(of(full!, 4));
  await expect(lanes.submit([...of(other, 1), ...of(full!, 1)])).rejects.toBeInstanceOf(LaneFull);
  release();
  await Promise.all([first, waiting]);
  expect(committed.map(({ tenantId }) => tenantId)).toEqual(Array(5).fill(full));
});

test("how long the oldest submission waits is known until it is committed", async () => {
  const { lanes, release } = stuckLanes(10);
  const waiting = Promise.all([lanes.submit(of("a", 1)), lanes.submit(of("b", 1))]);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(lanes.oldestWaitMs()).toBeGreaterThanOrEqual(29);
  release();
  await waiting;
  expect(lanes.oldestWaitMs()).toBe(0);
});
