import type { Pool } from "pg";
import type { ClaimedEvent } from "#database/attribution/claim";
import { extendBackfill } from "#database/backfill/extend-backfill";
import { recordBackfill } from "#database/backfill/record-backfill";
import type { BackfillCounts } from "#database/backfill/record-backfill";
import { utcDayOfMicros } from "#database/periods/instant";
import { accountingPeriods } from "#database/periods/period";
import type { TenantDay } from "#database/periods/tenant-day";
import { ensurePartitions } from "#database/record/ensure-partitions";
import type { UsageEvent } from "#database/record/usage-event";
import { readSealedBefore } from "#database/retention/read-sealed-before";
import { readSealedDays } from "#database/retention/read-sealed-days";
import { readTenants } from "#database/tenants/read-tenants";
import { isDataError } from "#database/sqlstate";
import type { Attribution } from "../../record/attribution.ts";
import { beyondHorizon } from "../../record/horizon.ts";

/** What became of the events of some lines: recorded, or left out by reason. */
export interface ChunkCounts extends BackfillCounts {
  readonly inFuture: number;
  readonly sealedDay: number;
  readonly unstorable: number;
}

/** Where and for whom a run records. */
export interface BackfillRun {
  readonly pool: Pool;
  readonly backfillId: string;
  /** The producer on the ledger rows. */
  readonly producerId: string;
  readonly attribution: Attribution;
}

/**
 * Records the events of some lines. What is left out: events that are still to come, and those of sealed days, of which
 * the ledger cannot tell any more whether they were counted.
 *
 * @param number of the chunk: tenants it makes known are bounded by chunk, not by hour
 * @returns null when the run was ended by somebody else
 */
export async function recordChunk(
  run: BackfillRun,
  events: readonly UsageEvent[],
  number: number,
): Promise<ChunkCounts | null> {
  const { pool, backfillId, producerId, attribution } = run;
  const receivedAtMicros = Date.now() * 1000;
  const due = events.filter((event) => beyondHorizon(event.endedAtMicros, receivedAtMicros) !== "in_future");
  const attributed = await attribution.attribute(due, `backfill ${backfillId} ${number}`);
  const received = attributed.map((it) => ({ ...it, producerId, receivedAtMicros }));
  const open = await withoutSealedDays(pool, received);
  const left = { inFuture: events.length - due.length, sealedDay: due.length - open.length };
  if (open.length === 0) return { accepted: 0, duplicate: 0, conflicting: 0, unstorable: 0, ...left };
  await preparePartitions(pool, backfillId, open);
  const counts = await recordStorable(pool, backfillId, open);
  return counts === null ? null : { ...counts, ...left };
}

async function withoutSealedDays(pool: Pool, received: readonly ClaimedEvent[]): Promise<readonly ClaimedEvent[]> {
  const sealedBefore = await readSealedBefore(pool);
  if (sealedBefore === null) return received;
  const isDoubtful = ({ event }: ClaimedEvent): boolean => utcDayOfMicros(event.endedAtMicros) < sealedBefore;
  const doubtful = received.filter(isDoubtful);
  if (doubtful.length === 0) return received;
  const tenants = await readTenants(pool, [...new Set(doubtful.map(({ event }) => event.tenantId))]);
  const dayOf = ({ event: { tenantId, endedAtMicros } }: ClaimedEvent): TenantDay => ({
    tenantId,
    dayStartMs: accountingPeriods(Math.floor(endedAtMicros / 1000), tenants.get(tenantId)?.calendar ?? []).day.startMs,
  });
  const days = new Map(doubtful.map((it) => [dayText(dayOf(it)), dayOf(it)]));
  const sealed = new Set((await readSealedDays(pool, [...days.values()])).map(dayText));
  return received.filter((it) => !isDoubtful(it) || !sealed.has(dayText(dayOf(it))));
}

function dayText({ tenantId, dayStartMs }: TenantDay): string {
  return `${tenantId} ${dayStartMs}`;
}

async function preparePartitions(pool: Pool, backfillId: string, open: readonly ClaimedEvent[]): Promise<void> {
  const days = [...new Set(open.map(({ event }) => utcDayOfMicros(event.endedAtMicros)))].sort();
  await extendBackfill(pool, backfillId, days[0]!, days.at(-1)!);
  // Day by day: a file may hold two weeks that are years apart.
  for (const day of days) await ensurePartitions(pool, day, day);
}

/** By halves where the database refuses the data, until what it cannot store stands alone. */
async function recordStorable(
  pool: Pool,
  backfillId: string,
  open: readonly ClaimedEvent[],
): Promise<(BackfillCounts & { readonly unstorable: number }) | null> {
  try {
    const counts = await recordBackfill(pool, backfillId, open);
    return counts === null ? null : { ...counts, unstorable: 0 };
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (open.length === 1) return { accepted: 0, duplicate: 0, conflicting: 0, unstorable: 1 };
  }
  const middle = Math.ceil(open.length / 2);
  const first = await recordStorable(pool, backfillId, open.slice(0, middle));
  const second = first === null ? null : await recordStorable(pool, backfillId, open.slice(middle));
  if (first === null || second === null) return null;
  return {
    accepted: first.accepted + second.accepted,
    duplicate: first.duplicate + second.duplicate,
    conflicting: first.conflicting + second.conflicting,
    unstorable: first.unstorable + second.unstorable,
  };
}
