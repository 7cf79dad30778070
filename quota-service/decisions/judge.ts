import { randomUUIDv7 } from "node:crypto";
import type { QuotaItem, ReservationDecision, ReservationItem } from "@quotel/conventions";
import type { LicenceStatus, Tenant } from "#database/tenants/read-tenants";
import { decide } from "./decide.ts";
import type { Verdict } from "./decide.ts";
import type { FactsOfGroup } from "./read-facts.ts";

/** A decision as it is answered, and what it grants of each resource. */
export interface Judged {
  readonly decision: Omit<ReservationDecision, "reservationId" | "expiresAt">;
  readonly granted: readonly QuotaItem[];
  /** Limits that it would be the first to exceed. */
  readonly crossed: Verdict["crossed"];
}

/** Judges what one request asks for on the group's facts. `alreadyUsed`: what spans have brought ahead of it. */
export function judge(
  facts: FactsOfGroup,
  tenant: Tenant,
  items: readonly ReservationItem[],
  alreadyUsed: (resource: string) => number,
): Judged {
  const { tenantId } = tenant;
  const verdict = decide({
    nowMs: facts.nowMs,
    licenceStatus: licenceAt(tenant, facts.nowMs),
    limits: facts.limitsOf.get(tenantId) ?? [],
    limitSource: tenant.planSource === "default" ? "default" : "plan",
    demands: items.map(({ resource, amount, atLeast }) => ({
      resource,
      amount,
      atLeast: atLeast ?? amount,
      alreadyUsed: alreadyUsed(resource),
    })),
    standingOf: (resource, period) => facts.standing(tenantId, resource, period),
    crossedAtMs: (resource, period) => facts.crossedAtMs(tenantId, resource, period),
    firstExpiryMs: facts.firstExpiryMs.get(tenantId) ?? null,
  });
  const grantedOf = (resource: string): number =>
    verdict.items.find((item) => item.resource === resource)?.granted ?? 0;
  return {
    decision: {
      allowed: verdict.allowed,
      decisionId: randomUUIDv7(),
      tenantId,
      plan: tenant.planId,
      reason: verdict.reason,
      items: verdict.items,
      asOf: new Date(facts.nowMs).toISOString(),
      lagMs: facts.telemetryMarkMs === null ? null : Math.max(0, Math.round(facts.nowMs - facts.telemetryMarkMs)),
      mode: "strict",
      retryAfterSeconds: verdict.retryAfterSeconds,
    },
    granted: items.map(({ resource }) => ({ resource, amount: grantedOf(resource) })),
    crossed: verdict.crossed,
  };
}

function licenceAt({ licenceStatus, licenceExpiresAtMs }: Tenant, atMs: number): LicenceStatus {
  return licenceExpiresAtMs !== null && licenceExpiresAtMs <= atMs ? "expired" : licenceStatus;
}
