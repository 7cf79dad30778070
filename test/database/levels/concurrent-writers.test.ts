import { setTimeout as delay } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import type { MetricPoint, PointKind } from "#database/levels/metric-point";
import { recordPoints } from "#database/levels/record-points";
import { createPool } from "#database/pool";
import { inTransaction } from "#database/transaction";
import { createTestDatabase } from "../test-database.ts";
import { storedUsage } from "./level-oracle.ts";

/** Noon, so that all points are of one day. */
const NOW_MICROS = new Date().setUTCHours(12, 0, 0, 0) * 1000;

function pointOf(kind: PointKind, minutesAgo: number, value: number): MetricPoint {
  const sampledAtMicros = NOW_MICROS - minutesAgo * 60_000_000;
  return {
    tenantId: "acme",
    resource: kind === "counter" ? "bandwidth" : "members",
    kind,
    stream: `00000000-0000-4000-8000-00000000000${kind === "counter" ? 1 : 2}`,
    startedAtMicros: 0,
    sampledAtMicros,
    accountedAtMicros: sampledAtMicros,
    value,
  };
}

function record(client: PoolClient, points: readonly MetricPoint[]): Promise<unknown> {
  return recordPoints(
    client,
    points.map((point) => ({ point, producerId: "test", receivedAtMicros: NOW_MICROS })),
  );
}

/** Resolves once `work` is done or a session waits for a lock. */
async function doneOrWaiting(work: Promise<unknown>, admin: Pool): Promise<void> {
  const done = work.then(
    () => "done",
    () => "done",
  );
  do {
    const { rows } = await admin.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (rows.length > 0) return;
  } while ((await Promise.race([done, delay(5, "not yet")])) !== "done");
}

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
  afterAll(() => admin.end());
  const pool = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
  afterAll(() => pool.end());
  await admin.query("select quotel.ensure_event_partitions(current_date - 1, current_date + 1)");

  /** One writer holds a point, uncommitted, when another one comes with points before and after it. */
  async function interleave(kind: PointKind): Promise<void> {
    await inTransaction(pool, (client) => record(client, [pointOf(kind, 9, 10)]));
    const [first, second] = await Promise.all([pool.connect(), pool.connect()]);
    try {
      await first.query("begin");
      await second.query("begin");
      await record(first, [pointOf(kind, 5, 90)]);
      const waiting = record(second, [pointOf(kind, 3, 70), pointOf(kind, 7, 20)]);
      await doneOrWaiting(waiting, admin);
      await first.query("commit");
      await waiting;
      await second.query("commit");
    } finally {
      first.release();
      second.release();
    }
  }

  test("two writers that change one level at the same time both have their say in it", async () => {
    await interleave("gauge");
    const { rows } = await admin.query("select value, high_water from public.usage_levels_daily");
    expect(rows).toEqual([{ value: 70, high_water: 90 }]);
  });

  test("two writers that bring points of one counter at the same time neither lose nor double a difference", async () => {
    await interleave("counter");
    // 10, then 10 more, then 70 more, then 70 after a reset.
    expect(await storedUsage(admin)).toEqual(new Map([["acme bandwidth", 160]]));
  });
});
