import type { ClientBase, Pool } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import type { RatePeriod, RateWindow } from "./rate-window.ts";

export interface RateWindowKey {
  readonly tenantId: string;
  readonly resource: string;
  readonly period: RatePeriod;
}

type Row = { readonly tenant_id: string; readonly resource: string; readonly period: RatePeriod } & RateWindow;

/** Of the given windows, the ones in which anything was ever admitted. Under the tenants' locks they stay as they are. */
export async function readRateWindows(
  on: ClientBase | Pool,
  keys: readonly RateWindowKey[],
): Promise<(RateWindowKey & { readonly window: RateWindow })[]> {
  if (keys.length === 0) return [];
  const { rows } = await query<Row>(on, {
    name: "read-rate-windows",
    text: `
      select w.tenant_id, w.resource, w.period, w.head, w.counts
      from unnest($1::text[], $2::text[], $3::text[]) as k (tenant_id, resource, period)
      join quotel.rate_windows w using (tenant_id, resource, period)`,
    values: [
      textArray(keys.map((key) => key.tenantId)),
      textArray(keys.map((key) => key.resource)),
      plainArray(keys.map((key) => key.period)),
    ],
  });
  return rows.map(({ tenant_id: tenantId, resource, period, ...window }) => ({ tenantId, resource, period, window }));
}
