import type { ClientBase, Pool } from "pg";
import { query } from "../pool.ts";
import type { OverrideOrigin, OverridePrices, PriceOverride } from "./price-override.ts";

type PriceColumns = { readonly [column in keyof OverridePrices]: string | null };

/** Every override by key and ascending instant; of those for the same key and instant only the one added last. */
export async function readOverrides(on: ClientBase | Pool): Promise<(PriceOverride & OverrideOrigin)[]> {
  const { rows } = await query<
    PriceColumns & {
      provider: string;
      model: string;
      service_tier: string | null;
      valid_from_ms: number;
      ended: boolean;
      reason: string;
      actor: string;
    }
  >(on, {
    name: "read-overrides",
    text: `
      select distinct on (provider, model, service_tier, valid_from)
        provider, model, service_tier, (extract(epoch from valid_from) * 1000)::bigint as valid_from_ms, ended, reason, actor,
        input, output, cache_read as "cacheRead", cache_write as "cacheWrite", reasoning, per_request as "perRequest"
      from quotel.price_overrides
      order by provider, model, service_tier, valid_from, override_id desc`,
  });
  return rows.map(({ provider, model, service_tier, valid_from_ms, ended, reason, actor, ...prices }) => ({
    provider,
    model,
    serviceTier: service_tier,
    validFromMs: valid_from_ms,
    prices: ended ? null : pricesOf(prices),
    reason,
    actor,
  }));
}

/** `numeric` arrives as text. Its few decimals have a double that is turned back into whole units without loss. */
function pricesOf(columns: PriceColumns): OverridePrices {
  const usd = (text: string | null): number | null => (text === null ? null : Number(text));
  return {
    input: usd(columns.input),
    output: usd(columns.output),
    cacheRead: usd(columns.cacheRead),
    cacheWrite: usd(columns.cacheWrite),
    reasoning: usd(columns.reasoning),
    perRequest: usd(columns.perRequest),
  };
}
