import type { BatchDecision, Decision, ReservationDecision } from "@quotel/conventions";
import type {
  CheckOutcome,
  LeaseOutcome,
  PatchOutcome,
  ReleaseOutcome,
  ReserveOutcome,
} from "../decisions/contract.ts";
import { NO_CONTENT, created, ok } from "../http/answer.ts";
import type { Answer } from "../http/answer.ts";
import { UNAVAILABLE, refuse, tenantNotFound } from "../http/refusal.ts";
import type { Refusal } from "../http/refusal.ts";
import { rateLimitFields } from "./rate-limit-fields.ts";

/** A check that denies is an answer like any other: 200. */
export function answerCheck(tenantId: string, outcome: CheckOutcome): Answer {
  switch (outcome.kind) {
    case "decided":
      return ok(outcome.decision);
    case "unknown_tenant":
      return refuse(tenantNotFound(tenantId));
    case "too_many_tenants":
      return refuse(TOO_MANY_NEW_TENANTS);
  }
}

/** 200 with a decision or an error for each check, so that one unknown tenant costs the others nothing. */
export function answerBatch(
  checks: readonly { readonly tenantId: string }[],
  outcomes: readonly CheckOutcome[],
): Answer {
  const results = outcomes.map((outcome, index): BatchDecision["results"][number] => {
    if (outcome.kind === "decided") return outcome.decision;
    const { tenantId } = checks[index]!;
    const { code, message } = outcome.kind === "unknown_tenant" ? tenantNotFound(tenantId) : TOO_MANY_NEW_TENANTS;
    return { tenantId, error: { code, message } };
  });
  return ok({ results } satisfies BatchDecision);
}

/** 201 for a new reservation, 200 for a repeated one, 429 or 403 for a denial. */
export function answerReserve(tenantId: string, outcome: ReserveOutcome): Answer {
  switch (outcome.kind) {
    case "reserved":
      return created(outcome.decision);
    case "repeated":
      return ok(outcome.decision);
    case "denied":
      return answerDenial(outcome.decision);
    case "conflict":
      return refuse(RESERVATION_CONFLICT);
    case "ended":
      return refuse(RESERVATION_ENDED);
    case "unknown_tenant":
      return refuse(tenantNotFound(tenantId));
    case "too_many_tenants":
      return refuse(TOO_MANY_NEW_TENANTS);
  }
}

/** As a reservation, and 409 where nothing is given away in advance: its details say which limits are why. */
export function answerLease(tenantId: string, outcome: LeaseOutcome): Answer {
  if (outcome.kind === "refused") return refuse({ ...LEASE_REFUSED, details: outcome.refusals });
  if (outcome.kind === "unavailable") return refuse(UNAVAILABLE);
  return answerReserve(tenantId, outcome);
}

/** 200 with the reservation as it is now; an extension may be denied. */
export function answerPatch(outcome: PatchOutcome): Answer {
  switch (outcome.kind) {
    case "changed":
      return ok(outcome.state);
    case "denied":
      return answerDenial(outcome.decision);
    case "ended":
      return refuse(RESERVATION_ENDED);
    case "not_found":
      return refuse(RESERVATION_NOT_FOUND);
    case "unavailable":
      return refuse(UNAVAILABLE);
  }
}

/** 204, also when repeated. */
export function answerRelease(outcome: ReleaseOutcome): Answer {
  if (outcome.kind === "unavailable") return refuse(UNAVAILABLE);
  return NO_CONTENT;
}

/** Waiting helps against a quota and a rate limit (429, with when); against the other reasons it does not (403). */
function answerDenial(decision: ReservationDecision): Answer {
  return isWorthRetrying(decision)
    ? { status: 429, headers: rateLimitFields(decision), body: decision }
    : { status: 403, body: decision };
}

function isWorthRetrying({ reason, mode }: Pick<Decision, "reason" | "mode">): boolean {
  return reason === "QUOTA_EXCEEDED" || reason === "RATE_LIMITED" || mode === "fail_closed";
}

const TOO_MANY_NEW_TENANTS: Refusal = {
  status: 429,
  code: "TOO_MANY_NEW_TENANTS",
  message: "This key has made too many new tenants within the hour; register tenants through the admin API",
  headers: { "retry-after": "60" },
};
const RESERVATION_CONFLICT: Refusal = {
  status: 409,
  code: "RESERVATION_CONFLICT",
  message: "This reservationId was used for another request; choose a new one",
};
const LEASE_REFUSED: Refusal = {
  status: 409,
  code: "LEASE_REFUSED",
  message: "Nothing of this is given away in advance at the moment; reserve singly",
};
const RESERVATION_ENDED: Refusal = {
  status: 409,
  code: "RESERVATION_ENDED",
  message: "The reservation has ended: it was closed, released or has expired",
};
const RESERVATION_NOT_FOUND: Refusal = {
  status: 404,
  code: "RESERVATION_NOT_FOUND",
  message: "The tenant has no reservation with this id",
};
