import type { ClientBase, Pool } from "pg";
import type { LimitPeriod } from "@quotel/conventions";
import { instantArray, plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import type { Crossing, CrossingKey } from "./crossings.ts";

interface Row {
  tenant_id: string;
  resource: string;
  period: LimitPeriod;
  start_ms: number;
  crossed_ms: number;
}

/** Of the given limits and periods, the ones that have been crossed. Under the tenants' locks none can be added meanwhile. */
export async function readCrossings(on: ClientBase | Pool, keys: readonly CrossingKey[]): Promise<Crossing[]> {
  if (keys.length === 0) return [];
  const { rows } = await query<Row>(on, {
    name: "read-crossings",
    text: `
      select c.tenant_id, c.resource, c.period, (extract(epoch from c.period_start) * 1000)::bigint as start_ms,
        (extract(epoch from c.crossed_at) * 1000)::bigint as crossed_ms
      from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
        as k (tenant_id, resource, period, period_start)
      join quotel.quota_crossings c using (tenant_id, resource, period, period_start)`,
    values: [
      textArray(keys.map((key) => key.tenantId)),
      textArray(keys.map((key) => key.resource)),
      plainArray(keys.map((key) => key.period)),
      instantArray(keys.map((key) => key.startMs)),
    ],
  });
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    resource: row.resource,
    period: row.period,
    startMs: row.start_ms,
    crossedAtMs: row.crossed_ms,
  }));
}
