import type { ClientBase } from "pg";
import { instantArray, plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import type { DenialCount } from "./denial.ts";

/** Adds to the counts of denials, which stay locked until the transaction ends. Rows go in primary-key order. */
export async function addDenials(client: ClientBase, counts: readonly DenialCount[]): Promise<void> {
  if (counts.length === 0) return;
  const sorted = [...counts].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  await query(client, {
    name: "add-denials",
    text: `
      insert into quotel.quota_denials as d (tenant_id, resource, minute, reason, denials)
      select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[])
      on conflict (tenant_id, resource, minute, reason) do update set denials = d.denials + excluded.denials`,
    values: [
      textArray(sorted.map((it) => it.tenantId)),
      textArray(sorted.map((it) => it.resource)),
      instantArray(sorted.map((it) => it.minuteMs)),
      textArray(sorted.map((it) => it.reason)),
      plainArray(sorted.map((it) => it.denials)),
    ],
  });
}

function keyOf({ tenantId, resource, minuteMs, reason }: DenialCount): string {
  return `${tenantId} ${resource} ${minuteMs} ${reason}`;
}
