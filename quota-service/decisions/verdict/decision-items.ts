import type { DecisionItem } from "@quotel/conventions";
import type { LimitStanding } from "./limit-standing.ts";

/** What is asked of one resource, as its items show it. */
interface Asked {
  readonly resource: string;
  readonly amount: number;
}

/** What is said of one limit: how it stood before the decision, and whether what is asked for fits. */
export function limitItem(
  { amount }: Asked,
  standing: LimitStanding,
  fits: boolean,
  planSource: DecisionItem["source"],
): DecisionItem {
  const { limit, used, reserved, remaining, percentUsed, state, resetsAtMs } = standing;
  const item = {
    resource: limit.resource,
    period: limit.period,
    requested: amount,
    limit: limit.amount,
    used,
    reserved,
    remaining,
    percentUsed,
    resetsAt: resetsAtMs === Infinity ? null : instantText(resetsAtMs),
    allowed: limit.enforcement !== "hard" || fits,
    state,
    enforcement: limit.enforcement,
    source: limit.source === "override" ? "override" : planSource,
  };
  const bursts = standing.countsAdmissions && limit.burst > 0;
  // Mostly there is no more to say, and a copy of each item would be dear where thousands are answered.
  if (limit.enforcement === "hard" && !bursts && standing.unpriced === 0) return item;
  return {
    ...item,
    ...(bursts && { burst: limit.burst }),
    ...(standing.unpriced > 0 && { unpricedEvents: standing.unpriced }),
    ...(limit.enforcement !== "hard" && { wouldAllow: fits }),
  };
}

let lastMs = NaN;
let lastText = "";

/** RFC 3339. Limits of a decision mostly reset at the same few instants, and writing one out is dear. */
function instantText(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms;
    lastText = new Date(ms).toISOString();
  }
  return lastText;
}

/** What is said of a resource that no limit applies to. */
export function unlimitedItem(
  { resource, amount }: Asked,
  { used, reserved }: { readonly used: number; readonly reserved: number },
  source: DecisionItem["source"],
): DecisionItem {
  return {
    resource,
    period: null,
    requested: amount,
    limit: null,
    used,
    reserved,
    remaining: null,
    percentUsed: null,
    resetsAt: null,
    allowed: true,
    state: "ok",
    enforcement: "hard",
    source,
  };
}
