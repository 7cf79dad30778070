import type { ClientBase } from "pg";
import { instantOfMs } from "../periods/instant.ts";
import { query } from "../pool.ts";
import type { OverrideOrigin, PriceOverride } from "./price-override.ts";

/**
 * Adds an override. Nothing is ever changed or deleted, so what an event was priced by can always be found; and as each
 * holds until the next one of its key, no two can overlap. Needs the owner's rights.
 */
export async function addOverride(
  client: ClientBase,
  { provider, model, serviceTier, validFromMs, prices }: PriceOverride,
  { reason, actor }: OverrideOrigin,
): Promise<void> {
  await query(client, {
    name: "add-override",
    text: `
      insert into quotel.price_overrides (
        provider, model, service_tier, valid_from, ended, input, output, cache_read, cache_write, reasoning, per_request,
        reason, actor)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    values: [
      provider,
      model,
      serviceTier,
      instantOfMs(validFromMs),
      prices === null,
      prices?.input ?? null,
      prices?.output ?? null,
      prices?.cacheRead ?? null,
      prices?.cacheWrite ?? null,
      prices?.reasoning ?? null,
      prices?.perRequest ?? null,
      reason,
      actor,
    ],
  });
}
