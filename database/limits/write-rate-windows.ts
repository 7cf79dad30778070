import type { ClientBase } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import type { RateWindow } from "./rate-window.ts";
import type { RateWindowKey } from "./read-rate-windows.ts";

/**
 * Writes windows as they are after what a transaction admitted. They are set, not added to: the caller holds the tenants'
 * locks and has read them under these, so nobody else has changed one since. Rows go in primary-key order.
 */
export async function writeRateWindows(
  client: ClientBase,
  windows: readonly (RateWindowKey & { readonly window: RateWindow })[],
): Promise<void> {
  if (windows.length === 0) return;
  const sorted = [...windows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  await query(client, {
    name: "write-rate-windows",
    text: `
      insert into quotel.rate_windows as w (tenant_id, resource, period, head, counts)
      select tenant_id, resource, period, head, counts::bigint[]
      from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
        as input (tenant_id, resource, period, head, counts)
      on conflict (tenant_id, resource, period) do update set head = excluded.head, counts = excluded.counts`,
    values: [
      textArray(sorted.map((it) => it.tenantId)),
      textArray(sorted.map((it) => it.resource)),
      plainArray(sorted.map((it) => it.period)),
      plainArray(sorted.map((it) => it.window.head)),
      textArray(sorted.map((it) => plainArray(it.window.counts))),
    ],
  });
}

function keyOf({ tenantId, resource, period }: RateWindowKey): string {
  return `${tenantId} ${resource} ${period}`;
}
