import type { ClientBase } from "pg";
import { instantOfMs } from "../../periods/instant.ts";
import { query } from "../../pool.ts";

/** What the events of one day of the ledger are accounted to: instants and starts of days, Unix milliseconds. */
export interface LedgerDay {
  /** `YYYY-MM-DD` */
  readonly eventDay: string;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Days of the ledger, `YYYY-MM-DD`; null = none. */
export interface EventDays {
  readonly firstDay: string | null;
  readonly lastDay: string | null;
}

/**
 * To which buckets the events of each day of the ledger belong. Most belong to the same day or a neighbour, but a
 * reservation or a clock that is off can put any distance between the two. Reads the whole ledger, once per rebuild.
 */
export async function readLedgerDays(client: ClientBase): Promise<LedgerDay[]> {
  const { rows } = await query<{ event_day: string; first_ms: number; last_ms: number }>(client, {
    name: "read-ledger-days",
    text: `
      select event_day::text,
        floor(extract(epoch from least(min(accounted_at), min(day_start))) * 1000)::bigint as first_ms,
        ceil(extract(epoch from greatest(max(accounted_at), max(day_start))) * 1000)::bigint as last_ms
      from quotel.usage_events
      group by event_day`,
  });
  return rows.map(({ event_day, first_ms, last_ms }) => ({ eventDay: event_day, firstMs: first_ms, lastMs: last_ms }));
}

/**
 * The days of the ledger that hold all folded events of the buckets that start in [fromMs, toMs): by `ledgerDays`, and,
 * for what was recorded since those were read, by what folding has noted. Under the rollups' lock, so nothing is folded
 * meanwhile.
 */
export async function findEventDays(
  client: ClientBase,
  ledgerDays: readonly LedgerDay[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<EventDays> {
  const { rows } = await query<{ first_day: string | null; last_day: string | null }>(client, {
    name: "find-event-days",
    text: `
      select min(first_event_day)::text as first_day, max(last_event_day)::text as last_day
      from quotel.accounted_days
      -- An hour of the range may belong to a day that started before it: days have 25 hours at most.
      where day_start > $1::timestamptz - interval '26 hours' and day_start < $2::timestamptz`,
    values: [instantOfMs(fromMs), instantOfMs(toMs)],
  });
  const { first_day, last_day } = rows[0]!;
  const days = ledgerDays.filter((day) => day.lastMs >= fromMs && day.firstMs < toMs).map(({ eventDay }) => eventDay);
  if (first_day !== null && last_day !== null) days.push(first_day, last_day);
  days.sort();
  return { firstDay: days[0] ?? null, lastDay: days.at(-1) ?? null };
}
