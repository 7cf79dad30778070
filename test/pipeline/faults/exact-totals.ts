import type { Pool } from "pg";
import { expect } from "vitest";
import type { UsageEvent } from "#database/record/usage-event";
import { foldRollups } from "#database/rollups/fold";
import { driftFromHolds, driftFromLedger, expectedTotals, storedTotals } from "../../database/record/usage-oracle.ts";

/**
 * Holds the database to these events, each counted once (I1): totals against the plainest sum there is, rollups, totals
 * and holds against the ledger (I3, I10), before anything more is folded and again when all of it is.
 */
export async function expectCountedOnce(admin: Pool, events: readonly UsageEvent[]): Promise<void> {
  expect(await storedTotals(admin)).toEqual(expectedTotals(events));
  expect(await driftFromLedger(admin)).toEqual([]);
  expect(await driftFromHolds(admin)).toEqual([]);
  // A collector may be folding at the same time, then this one leaves it to that.
  await expect
    .poll(
      async () => {
        await foldRollups(admin);
        return unfoldedBatches(admin);
      },
      { timeout: 10_000 },
    )
    .toBe(0);
  expect(await driftFromLedger(admin)).toEqual([]);
}

/** How many batches are only in the unfolded part of the rollups. */
export async function unfoldedBatches(admin: Pool): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    "select count(*)::bigint as count from quotel.unfolded_batches",
  );
  return rows[0]!.count;
}

/** How many of these events the ledger holds. */
export async function countInLedger(admin: Pool, events: readonly UsageEvent[]): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    `select count(*)::bigint as count from quotel.usage_events e
     join unnest($1::text[], $2::uuid[]) as sent (tenant_id, trace_id) using (tenant_id, trace_id)`,
    [events.map((event) => event.tenantId), events.map((event) => event.traceId)],
  );
  return rows[0]!.count;
}
