import { randomUUIDv7 } from "node:crypto";
import type { Decision, DecisionItem, QuotaItem } from "@quotel/conventions";
import type { CheckRequest } from "../contract.ts";
import type { Limit } from "../limit.ts";
import { unlimitedItem } from "../verdict/decision-items.ts";
import type { RememberedTenant } from "../facts/remembered-tenants.ts";

const RETRY_AFTER_SECONDS = 1;

/**
 * The decision when the database is away (I14): denied where a hard limit on what is asked for says so, as it was last
 * read, else allowed. `mode` says that nothing was looked up; no usage is known, and none is claimed.
 */
export function decideAway(request: CheckRequest, remembered: RememberedTenant | null): Decision {
  const items = request.items.flatMap((item) => itemsOf(item, remembered?.limits ?? []));
  const allowed = items.every((item) => item.allowed);
  return {
    allowed,
    decisionId: randomUUIDv7(),
    tenantId: request.tenantId,
    plan: remembered?.tenant.planId ?? "unknown",
    reason: null,
    items,
    asOf: new Date().toISOString(),
    lagMs: null,
    mode: allowed ? "fail_open" : "fail_closed",
    retryAfterSeconds: allowed ? null : RETRY_AFTER_SECONDS,
  };
}

function itemsOf(item: QuotaItem, limits: readonly Limit[]): DecisionItem[] {
  const unknown = unlimitedItem(item, { used: 0, reserved: 0 }, "default");
  const applying = limits.filter(({ resource }) => resource === item.resource);
  if (applying.length === 0) return [unknown];
  return applying.map(({ period, amount, enforcement, onUnavailable, source }) => ({
    ...unknown,
    period,
    limit: amount,
    allowed: enforcement !== "hard" || onUnavailable === "allow",
    enforcement,
    source,
  }));
}
