import type { ClientBase } from "pg";
import { instantArray, textArray } from "../array-text.ts";
import type { TenantDay } from "../periods/tenant-day.ts";
import { query } from "../pool.ts";

/** Bounds of one pass: days, and the events that looking at them costs, about. One day is taken however large. */
const DAYS_MAX = 500;
const EVENTS_MAX = 100_000;
/**
 * How long a day waits to be verified again, for each event it has. Looking at an event takes some 17 us of the database's
 * time, so a day of millions under way costs no more than the bounds above.
 */
const PAUSE_MICROS_PER_EVENT = 300;

/** A day to look at, as it was when it was chosen. */
export interface ChosenDay extends TenantDay {
  /** Text of an instant, exact to the microsecond; null = the day has not changed, but something was found in it. */
  readonly touchedAt: string | null;
  /** How long its first change since it was verified has waited; 0 = it has not changed. */
  readonly waitedMs: number;
}

interface DayRow {
  readonly tenant_id: string;
  readonly day_start_ms: number;
  readonly touched_at: string | null;
  readonly waited_ms: number;
}

/**
 * The days that changed since they were verified, what waits longest first, and those in which something was found.
 * Sealed days are left alone: the ledger has lost events of theirs.
 */
export async function chooseDays(client: ClientBase): Promise<ChosenDay[]> {
  const { rows } = await query<DayRow>(client, {
    name: "choose-days",
    text: `
      with oldest as (
        select d.* from quotel.accounted_days d
        where d.changed_at is not null and d.day_start >= (select unsealed_from from quotel.ledger_seal)
          and d.verified_to + d.events * $3 * interval '1 microsecond' < now()
        order by d.changed_at, d.tenant_id, d.day_start
        limit $1
      ), changed as (
        select tenant_id, day_start, touched_at, clock_timestamp() - changed_at as waited
        from (select *, sum(events) over (order by changed_at, tenant_id, day_start) - events as before from oldest) d
        where before < $2
      ), found as (
        select tenant_id, day_start, null::timestamptz as touched_at, interval '0' as waited
        from quotel.invariant_findings f
        where cleared_at is null and day_start >= (select unsealed_from from quotel.ledger_seal)
          and not exists (select from changed c where (c.tenant_id, c.day_start) = (f.tenant_id, f.day_start))
        group by 1, 2
        order by 1, 2
        limit $1
      )
      select tenant_id, (extract(epoch from day_start) * 1000)::bigint as day_start_ms, touched_at::text as touched_at,
        (extract(epoch from waited) * 1000)::bigint as waited_ms
      from (select * from changed union all select * from found) days`,
    values: [DAYS_MAX, EVENTS_MAX, PAUSE_MICROS_PER_EVENT],
  });
  return rows.map(({ tenant_id, day_start_ms, touched_at, waited_ms }) => ({
    tenantId: tenant_id,
    dayStartMs: day_start_ms,
    touchedAt: touched_at,
    waitedMs: waited_ms,
  }));
}

/**
 * Marks days as verified, as they were when they were chosen: one that changed meanwhile stays to be verified, and
 * has waited since then. Rows are
 * locked in primary-key order, as the fold takes them, so the two cannot deadlock.
 */
export async function markVerified(client: ClientBase, days: readonly ChosenDay[]): Promise<void> {
  const changed = days.filter((day) => day.touchedAt !== null);
  await query(client, {
    name: "mark-verified",
    text: `
      update quotel.accounted_days d set
        verified_to = v.touched_at, changed_at = case when d.touched_at > v.touched_at then v.touched_at end
      from (
        select d.tenant_id, d.day_start, v.touched_at
        from quotel.accounted_days d
        join unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as v (tenant_id, day_start, touched_at)
          using (tenant_id, day_start)
        order by d.tenant_id, d.day_start
        for update of d
      ) v
      where (d.tenant_id, d.day_start) = (v.tenant_id, v.day_start)`,
    values: [
      textArray(changed.map((day) => day.tenantId)),
      instantArray(changed.map((day) => day.dayStartMs)),
      textArray(changed.map((day) => day.touchedAt)),
    ],
  });
}
