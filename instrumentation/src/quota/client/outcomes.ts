import type { Decision, ReservationDecision, ReservationState } from "@quotel/conventions";

import type { Rejected } from "./answers.ts";

/** The service's (or the fail mode's) decision, or its objection to the request itself: a bad key, an unknown resource or tenant. */
export type CheckOutcome = { readonly kind: "decided"; readonly decision: Decision } | Rejected;
export type ReserveOutcome =
  | {
      readonly kind: "decided";
      readonly decision: ReservationDecision;
      /** `Retry-After` and the rate limit fields of a denial, to be passed on to the caller. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | Rejected;
/** The service's decision on a lease, or its objection: `LEASE_REFUSED` near a limit. No answer is never a lease. */
export type LeaseOutcome =
  { readonly kind: "decided"; readonly decision: ReservationDecision } | Rejected | { readonly kind: "unreachable" };
export type PatchOutcome =
  { readonly kind: "done"; readonly state: ReservationState } | Rejected | { readonly kind: "unreachable" };
export type ReleaseOutcome = { readonly kind: "done" } | Rejected | { readonly kind: "unreachable" };
/** `skipped`: nobody was asked, as the caller wished. */
export type EnforceOutcome = ReserveOutcome | { readonly kind: "skipped" };
