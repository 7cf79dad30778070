import type { Decision, QuotaItem, ReservationDecision } from "@quotel/conventions";

/** What is decided where the quota service gives no answer: let the work happen, or not. */
export type FailMode = "open" | "closed";

/** The decision made without the service; its `mode` says so (I14). It knows no usage and claims none. */
export function fallbackDecision(tenantId: string, decisionId: string, failMode: FailMode, nowMs: number): Decision {
  return {
    allowed: failMode === "open",
    decisionId,
    tenantId,
    plan: "unknown",
    reason: null,
    items: [],
    asOf: new Date(nowMs).toISOString(),
    lagMs: null,
    mode: failMode === "open" ? "fail_open" : "fail_closed",
    retryAfterSeconds: failMode === "open" ? null : 1,
  };
}

/** The same for a reservation: everything asked for is granted, or nothing. */
export function fallbackReservation(
  decision: Decision,
  reservationId: string,
  asked: readonly QuotaItem[],
): ReservationDecision {
  const items = asked.map(({ resource, amount }) => ({
    resource,
    period: null,
    requested: amount,
    limit: null,
    used: 0,
    reserved: 0,
    remaining: null,
    percentUsed: null,
    resetsAt: null,
    allowed: decision.allowed,
    state: "ok" as const,
    enforcement: "hard" as const,
    source: "default" as const,
    granted: decision.allowed ? amount : 0,
  }));
  return { ...decision, items, reservationId, expiresAt: null };
}
