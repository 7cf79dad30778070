import type { Decision, DecisionItem, LimitPeriod } from "@quotel/conventions";

/** Lengths of the periods that have one; months and lifetimes go without. */
const WINDOW_SECONDS: Partial<Record<LimitPeriod, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400 };

interface LimitedItem extends DecisionItem {
  readonly limit: number;
  readonly remaining: number;
}

/**
 * Header fields of a denial: `Retry-After`; `RateLimit` and `RateLimit-Policy` for every limit that applied
 * (draft-ietf-httpapi-ratelimit-headers-10: one named item each, q = quota, w = window, r = remaining, t = seconds to the
 * reset); and `X-RateLimit-Limit/-Remaining/-Reset` (seconds) of the tightest limit that denied.
 */
export function rateLimitFields(
  decision: Pick<Decision, "items" | "asOf" | "retryAfterSeconds">,
): Record<string, string> {
  const fields: Record<string, string> = {};
  if (decision.retryAfterSeconds !== null) fields["retry-after"] = String(decision.retryAfterSeconds);
  const limited = decision.items.filter(isLimited);
  if (limited.length > 0) {
    fields["ratelimit-policy"] = limited.map(policyOf).join(", ");
    fields["ratelimit"] = limited.map((item) => serviceLimitOf(item, decision.asOf)).join(", ");
  }
  const tightest = limited.filter((item) => !item.allowed).sort((a, b) => a.remaining - b.remaining)[0];
  if (tightest !== undefined) {
    fields["x-ratelimit-limit"] = String(tightest.limit + (tightest.burst ?? 0));
    fields["x-ratelimit-remaining"] = String(tightest.remaining);
    const reset = secondsToReset(tightest, decision.asOf);
    if (reset !== null) fields["x-ratelimit-reset"] = String(reset);
  }
  return fields;
}

function isLimited(item: DecisionItem): item is LimitedItem {
  return item.limit !== null && item.remaining !== null && item.period !== null;
}

function policyOf(item: LimitedItem): string {
  const window = WINDOW_SECONDS[item.period ?? "lifetime"];
  return `${nameOf(item)};q=${item.limit + (item.burst ?? 0)}${window === undefined ? "" : `;w=${window}`}`;
}

function serviceLimitOf(item: LimitedItem, asOf: string): string {
  const reset = secondsToReset(item, asOf);
  return `${nameOf(item)};r=${item.remaining}${reset === null ? "" : `;t=${reset}`}`;
}

/** The grammar of resources keeps this a valid quoted string. */
function nameOf({ resource, period }: LimitedItem): string {
  return `"${resource}-${period}"`;
}

function secondsToReset({ resetsAt }: LimitedItem, asOf: string): number | null {
  return resetsAt === null ? null : Math.max(0, Math.ceil((Date.parse(resetsAt) - Date.parse(asOf)) / 1000));
}
