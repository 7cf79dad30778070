import type { Pool } from "pg";
import { lockSeal } from "../../retention/lock-seal.ts";
import { lockRollups } from "../../rollups/lock-rollups.ts";
import { asOwner } from "../../operator/as-owner.ts";
import { findRollupDrift, replaceRollups } from "./compare-rollups.ts";
import type { RollupDrift } from "./compare-rollups.ts";
import { correctTotals, findTotalDrift } from "./compare-totals.ts";
import type { TotalDrift } from "./compare-totals.ts";
import { findEventDays, readLedgerDays } from "./event-days.ts";

const DAY_MS = 86_400_000;

export interface RebuildRequest {
  /** Whole UTC days, Unix milliseconds: buckets that start in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  /** Null = all. */
  readonly tenantId: string | null;
  /** Look and report, change nothing. */
  readonly dryRun: boolean;
}

/** What was found in the buckets that start on one UTC day, and put right unless it was a dry run. */
export interface RebuiltDay {
  readonly dayMs: number;
  readonly rollups: RollupDrift;
  readonly totals: readonly TotalDrift[];
}

export type RebuildOutcome =
  | { readonly kind: "rebuilt" }
  /** The ledger has lost events of buckets that start before `fromMs`; from the day on at which it stopped. */
  | { readonly kind: "sealed"; readonly dayMs: number; readonly unsealedFromMs: number };

/**
 * Makes the folded rollups and the totals of a range what the ledger says (I3), a day per transaction, while traffic
 * goes on: ingest never waits for it, folding and other repairs wait for one day. What it finds is drift that somebody
 * caused by hand or by a fault; repeated, it finds nothing. Stops before changing anything where the range is sealed.
 *
 * @param onDay told of every day in turn
 */
export async function rebuild(
  pool: Pool,
  { fromMs, toMs, tenantId, dryRun }: RebuildRequest,
  onDay: (day: RebuiltDay) => void,
): Promise<RebuildOutcome> {
  const unsealedFromMs = await asOwner(pool, lockSeal);
  if (fromMs < unsealedFromMs) return { kind: "sealed", dayMs: fromMs, unsealedFromMs };
  const ledgerDays = await asOwner(pool, readLedgerDays);
  for (let dayMs = fromMs; dayMs < toMs; dayMs += DAY_MS) {
    const outcome = await asOwner(pool, async (client): Promise<RebuiltDay | RebuildOutcome> => {
      await lockRollups(client);
      // Again, and until the end of the transaction: a day of the ledger may have been dropped since.
      const unsealedFromMs = await lockSeal(client);
      if (dayMs < unsealedFromMs) return { kind: "sealed", dayMs, unsealedFromMs };
      const buckets = { fromMs: dayMs, toMs: Math.min(dayMs + DAY_MS, toMs) };
      const scope = { ...buckets, tenantId, ...(await findEventDays(client, ledgerDays, buckets)) };
      const rollups = await findRollupDrift(client, scope);
      const totals = await findTotalDrift(client, scope);
      if (!dryRun && rollups.missing + rollups.extra + rollups.different > 0) await replaceRollups(client, scope);
      if (!dryRun && totals.length > 0) await correctTotals(client, totals);
      return { dayMs, rollups, totals };
    });
    if ("kind" in outcome) return outcome;
    onDay(outcome);
  }
  return { kind: "rebuilt" };
}
