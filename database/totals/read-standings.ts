import { BUILT_IN_RESOURCES } from "@quotel/conventions";
import type { ClientBase, Pool } from "pg";
import { instantArray, textArray } from "../array-text.ts";
import { readClock } from "../periods/read-clock.ts";
import { query } from "../pool.ts";
import { totalPositionOf } from "./total-position.ts";

/** One period of a tenant, and the resources whose totals are looked up. */
export interface StandingRange {
  readonly tenantId: string;
  readonly period: "day" | "month" | "lifetime";
  readonly startMs: number;
  /** Infinity for a period that never ends. */
  readonly endMs: number;
  readonly resources: ReadonlySet<string>;
}

/** What a tenant has used and holds in one period, as one snapshot. */
export interface Standing {
  readonly used: number;
  /** Holds of reservations whose time has not run out at `readAtMs`. */
  readonly reserved: number;
}

export interface Standings {
  /** The database's clock when the snapshot was read: the instant of the decision. */
  readonly readAtMs: number;
  /** By resource, in the order of the ranges. */
  readonly standings: readonly Map<string, Standing>[];
}

/**
 * Reads used and reserved of several totals, and the clock, in one statement and so one snapshot. `reserved` leaves out
 * holds whose time has run out (and that are not kept) although no sweep has ended them yet: both come from the same
 * snapshot, so a sweep that commits meanwhile cannot be counted twice.
 */
export async function readStandings(on: ClientBase | Pool, ranges: readonly StandingRange[]): Promise<Standings> {
  if (ranges.length === 0) return { readAtMs: await readClock(on), standings: [] };
  const { rows } = await query<Row>(on, { name: "read-standings", text: TEXT, values: valuesOf(ranges) });
  let readAtMs = NaN;
  const due: Row[] = [];
  const sums = ranges.map(() => new Map<string, Row>());
  for (const row of rows) {
    if (row.range !== null) sums[row.range - 1]!.set(row.resource, row);
    else if (row.tenant_id === null) readAtMs = row.at_ms;
    else due.push(row);
  }
  const standings = ranges.map((range, index) => {
    const standingOf = (resource: string): Standing => {
      const { row, position } = totalPositionOf(resource);
      const sum = sums[index]!.get(row);
      const held = sum?.reserved[position - 1] ?? 0;
      const inVain = due.length === 0 ? 0 : heldInVain(due, range, resource);
      return { used: sum?.used[position - 1] ?? 0, reserved: held - inVain };
    };
    return new Map(Array.from(range.resources, (resource) => [resource, standingOf(resource)]));
  });
  return { readAtMs, standings };
}

/** The clock has neither range nor tenant, the sums of a range have no tenant, a hold whose time has run out has no range. */
interface Row {
  readonly range: number | null;
  readonly tenant_id: string | null;
  /** Of sums the row's (see `TotalPosition`), of a hold the resource itself. */
  readonly resource: string;
  /** The clock, and of a hold the day of its admission. */
  readonly at_ms: number;
  readonly used: readonly number[];
  /** Of a hold, what it holds. */
  readonly reserved: readonly number[];
}

// A period is the sum of its days: one row for a day, at most 31 for a month. Each tenant's period is looked up once,
// whatever number of resources is asked for. Each tenant's holds are looked up by themselves (`offset 0` keeps the planner
// from turning that into a join, which reads all there are), by their time: it costs no more the more are open.
const TEXT = `
  with instant as materialized (select clock_timestamp() as at)
  select null::bigint as range, null::text as tenant_id, '' as resource,
    (extract(epoch from instant.at) * 1000)::bigint as at_ms, '{}'::bigint[] as used, '{}'::bigint[] as reserved
  from instant
  union all
  select k.range, null, t.resource, 0, t.used, t.reserved
  from (
    -- To string_to_array nothing is no element, and here it is the row of the built-in resources.
    select tenant_id, case when rows = '' then '{""}' else string_to_array(rows, ',') end as resources,
      period_start, period_end, range
    from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[])
      with ordinality as k (tenant_id, rows, period_start, period_end, range)
  ) k
  cross join lateral (
    select t.resource, ${sums("used")} as used, ${sums("reserved")} as reserved
    from quotel.day_totals t
    where t.tenant_id = k.tenant_id and t.resource = any (k.resources)
      and t.day_start >= k.period_start and t.day_start < k.period_end
    group by t.resource
  ) t
  union all
  select null, r.tenant_id, h.resource, (extract(epoch from r.day_start) * 1000)::bigint, '{}', array[h.held]
  from unnest($5::text[]) as k (tenant_id)
  cross join lateral (
    select * from quotel.reservations r
    where r.tenant_id = k.tenant_id and r.expires_at <= (select at from instant)
      and (r.kept_until is null or r.kept_until <= (select at from instant))
    offset 0
  ) r
  cross join lateral unnest(r.resources, r.held) as h (resource, held)`;

/** A sum for each position; one beyond 2^53-1 has no exact JSON number, and as a decision it means the same as the largest. */
function sums(column: string): string {
  const each = BUILT_IN_RESOURCES.map(
    (_, index) => `least(coalesce(sum(t.${column}[${index + 1}]), 0), 9007199254740991)`,
  );
  return `array[${each.join(", ")}]::bigint[]`;
}

function valuesOf(ranges: readonly StandingRange[]): string[] {
  return [
    textArray(ranges.map(({ tenantId }) => tenantId)),
    textArray(ranges.map(rowsText)),
    instantArray(ranges.map(({ period, startMs }) => (period === "lifetime" ? -Infinity : startMs))),
    instantArray(ranges.map(({ endMs }) => endMs)),
    textArray([...new Set(ranges.map(({ tenantId }) => tenantId))]),
  ];
}

/** The rows that hold a range's totals. Nothing in their names needs an escape, so thousands of them travel as they are. */
function rowsText({ resources }: StandingRange): string {
  const rows = new Set<string>();
  for (const resource of resources) rows.add(totalPositionOf(resource).row);
  return [...rows].join(",");
}

/** What is still in the sums although its time has run out. */
function heldInVain(due: readonly Row[], { tenantId, startMs, endMs }: StandingRange, resource: string): number {
  let held = 0;
  for (const it of due) {
    if (it.tenant_id !== tenantId || it.resource !== resource || it.at_ms < startMs || it.at_ms >= endMs) continue;
    held += it.reserved[0]!;
  }
  return held;
}
