import type { Decision, ReservationDecision } from "@quotel/conventions";
import type { Response } from "express";
import type {
  CheckOutcome,
  LeaseOutcome,
  PatchOutcome,
  ReleaseOutcome,
  ReserveOutcome,
} from "../decisions/contract.ts";
import { UNAVAILABLE, refuse, tenantNotFound } from "../http/refusal.ts";
import type { Refusal } from "../http/refusal.ts";
import { rateLimitFields } from "./rate-limit-fields.ts";

/** A check that denies is an answer like any other: 200. */
export function answerCheck(res: Response, tenantId: string, outcome: CheckOutcome): void {
  switch (outcome.kind) {
    case "decided":
      return void res.json(outcome.decision);
    case "unknown_tenant":
      return refuse(res, tenantNotFound(tenantId));
    case "too_many_tenants":
      return refuse(res, TOO_MANY_NEW_TENANTS);
  }
}

/** 201 for a new reservation, 200 for a repeated one, 429 or 403 for a denial. */
export function answerReserve(res: Response, tenantId: string, outcome: ReserveOutcome): void {
  switch (outcome.kind) {
    case "reserved":
      return void res.status(201).json(outcome.decision);
    case "repeated":
      return void res.json(outcome.decision);
    case "denied":
      return answerDenial(res, outcome.decision);
    case "conflict":
      return refuse(res, RESERVATION_CONFLICT);
    case "ended":
      return refuse(res, RESERVATION_ENDED);
    case "unknown_tenant":
      return refuse(res, tenantNotFound(tenantId));
    case "too_many_tenants":
      return refuse(res, TOO_MANY_NEW_TENANTS);
  }
}

/** As a reservation, and 409 where nothing is given away in advance: its details say which limits are why. */
export function answerLease(res: Response, tenantId: string, outcome: LeaseOutcome): void {
  if (outcome.kind === "refused") return refuse(res, { ...LEASE_REFUSED, details: outcome.refusals });
  if (outcome.kind === "unavailable") return refuse(res, UNAVAILABLE);
  answerReserve(res, tenantId, outcome);
}

/** 200 with the reservation as it is now; an extension may be denied. */
export function answerPatch(res: Response, outcome: PatchOutcome): void {
  switch (outcome.kind) {
    case "changed":
      return void res.json(outcome.state);
    case "denied":
      return answerDenial(res, outcome.decision);
    case "ended":
      return refuse(res, RESERVATION_ENDED);
    case "not_found":
      return refuse(res, RESERVATION_NOT_FOUND);
    case "unavailable":
      return refuse(res, UNAVAILABLE);
  }
}

/** 204, also when repeated. */
export function answerRelease(res: Response, outcome: ReleaseOutcome): void {
  if (outcome.kind === "unavailable") return refuse(res, UNAVAILABLE);
  res.status(204).end();
}

/** Waiting helps against a quota and a rate limit (429, with when); against the other reasons it does not (403). */
function answerDenial(res: Response, decision: ReservationDecision): void {
  if (isWorthRetrying(decision)) res.status(429).set(rateLimitFields(decision));
  else res.status(403);
  res.json(decision);
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
