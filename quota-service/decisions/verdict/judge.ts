import { randomUUIDv7 } from "node:crypto";
import type { Decision, QuotaItem, ReservationItem } from "@quotel/conventions";
import type { Tenant } from "#database/tenants/read-tenants";
import type { GroupFacts } from "../facts/group-facts.ts";
import type { Limit } from "../limit.ts";
import { addedUnder, decide } from "./decide.ts";
import type { Demand } from "./decide.ts";
import { isPastAmount } from "./quota-standing.ts";

/** A decision as it is answered, and what it does where it admits. */
export interface Judged {
  readonly decision: Decision;
  /** What it grants of each resource that was asked for. */
  readonly granted: readonly QuotaItem[];
  /** Whether `retryAfterSeconds` depends on when the tenant's first hold ends. */
  readonly waitsForHolds: boolean;
  /** The limits with grace time whose amount it passes. */
  readonly crossed: readonly Limit[];
}

/** Judges what one request asks for on the group's facts. `alreadyUsed`: what spans have brought ahead of it. */
export function judge(
  facts: GroupFacts,
  tenant: Tenant,
  items: readonly ReservationItem[],
  alreadyUsed: (resource: string) => number,
): Judged {
  const ofTenant = facts.of(tenant);
  const demands = items.map(({ resource, amount, atLeast }): Demand => {
    const limits = ofTenant.limitsOn(resource);
    return {
      resource,
      amount,
      atLeast: atLeast ?? amount,
      alreadyUsed: alreadyUsed(resource),
      limits,
      unlimited: limits.length === 0 ? ofTenant.unlimited(resource) : NOTHING,
    };
  });
  const verdict = decide({
    nowMs: facts.nowMs,
    licence: { status: tenant.licenceStatus, expiresAtMs: tenant.licenceExpiresAtMs },
    planSource: tenant.planSource === "default" ? "default" : "plan",
    demands,
  });
  return {
    decision: {
      allowed: verdict.allowed,
      decisionId: randomUUIDv7(),
      tenantId: tenant.tenantId,
      plan: tenant.planId,
      reason: verdict.reason,
      items: verdict.items,
      asOf: new Date(facts.nowMs).toISOString(),
      lagMs: facts.telemetryMarkMs === null ? null : Math.max(0, Math.round(facts.nowMs - facts.telemetryMarkMs)),
      mode: "strict",
      retryAfterSeconds: verdict.retryAfterSeconds,
    },
    granted: items.map(({ resource }, index) => ({ resource, amount: verdict.granted[index]! })),
    waitsForHolds: verdict.waitsForHolds,
    crossed: verdict.allowed ? crossedBy(demands, verdict.granted) : [],
  };
}

const NOTHING = { used: 0, reserved: 0 };

/** Limits with grace time whose amount is passed by what is granted of each demand. */
function crossedBy(demands: readonly Demand[], granted: readonly number[]): Limit[] {
  const crossed: Limit[] = [];
  for (const [index, demand] of demands.entries()) {
    for (const it of demand.limits) {
      if (it.limit.graceSeconds > 0 && isPastAmount(it, addedUnder(it, demand, granted[index]!)))
        crossed.push(it.limit);
    }
  }
  return crossed;
}
