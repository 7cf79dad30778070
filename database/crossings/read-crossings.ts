import type { ClientBase, Pool } from "pg";
import { instantArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";

/** A period of a tenant's resource, in which a limit may be crossed. */
export interface CrossingKey {
  readonly tenantId: string;
  readonly resource: string;
  readonly period: "day" | "month" | "lifetime";
  /** Unix milliseconds. */
  readonly startMs: number;
}

/** When limits were first crossed, in the order of the keys; null = not yet. A crossing never moves within its period. */
export async function readCrossings(
  on: ClientBase | Pool,
  keys: readonly CrossingKey[],
): Promise<readonly (number | null)[]> {
  if (keys.length === 0) return [];
  const { rows } = await query<{ crossed_ms: number | null }>(on, {
    name: "read-crossings",
    text: `
      select (extract(epoch from c.crossed_at) * 1000)::double precision as crossed_ms
      from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
        with ordinality as k (tenant_id, resource, period, period_start, position)
      left join quotel.quota_crossings c using (tenant_id, resource, period, period_start)
      order by k.position`,
    values: columnsOf(keys),
  });
  return rows.map((row) => row.crossed_ms);
}

/** The keys as arrays, one a column. */
export function columnsOf(keys: readonly CrossingKey[]): string[] {
  return [
    textArray(keys.map((key) => key.tenantId)),
    textArray(keys.map((key) => key.resource)),
    textArray(keys.map((key) => key.period)),
    instantArray(keys.map((key) => key.startMs)),
  ];
}
