import type { OverrideOrigin, OverridePrices, PriceOverride } from "#database/prices/price-override";

/** One line for people. */
export function describeOverride(override: PriceOverride & OverrideOrigin): string {
  const { provider, model, serviceTier, validFromMs, prices, reason, actor } = override;
  const key = `${provider} ${model}${serviceTier === null ? "" : ` (${serviceTier})`}`;
  const what = prices === null ? "as the price list" : describePrices(prices);
  return `${key}  from ${new Date(validFromMs).toISOString()}  ${what}  [${actor}: ${reason}]`;
}

function describePrices({ input, output, cacheRead, cacheWrite, reasoning, perRequest }: OverridePrices): string {
  const perToken = { input, output, "cache-read": cacheRead, "cache-write": cacheWrite, reasoning };
  const parts = Object.entries(perToken).flatMap(([name, usd]) => (usd === null ? [] : [`${name} ${usd}`]));
  if (perRequest !== null) parts.push(`request ${perRequest}`);
  return parts.join(", ");
}
