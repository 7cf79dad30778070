import type { ClientBase } from "pg";
import { instantArray, plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import type { Crossing } from "./crossings.ts";

/**
 * Keeps when limits were first crossed. The caller holds the tenants' locks and has seen no row, so these are the first;
 * one that is there all the same stays: a crossing never moves within its period.
 */
export async function insertCrossings(client: ClientBase, crossings: readonly Crossing[]): Promise<void> {
  if (crossings.length === 0) return;
  await query(client, {
    name: "insert-crossings",
    text: `
      insert into quotel.quota_crossings (tenant_id, resource, period, period_start, crossed_at)
      select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
      on conflict (tenant_id, resource, period, period_start) do nothing`,
    values: [
      textArray(crossings.map((crossing) => crossing.tenantId)),
      textArray(crossings.map((crossing) => crossing.resource)),
      plainArray(crossings.map((crossing) => crossing.period)),
      instantArray(crossings.map((crossing) => crossing.startMs)),
      instantArray(crossings.map((crossing) => crossing.crossedAtMs)),
    ],
  });
}
