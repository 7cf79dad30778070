import type { QuotaItem, ReservationDecision } from "@quotel/conventions";

import type { ReserveOutcome } from "../client/outcomes.ts";

/** Work that may begin. Its spans name `reservationId`, which several pieces of work may share. */
export interface Admission {
  readonly allowed: true;
  readonly reservationId: string;
  /** Says, when the work and all its calls have ended, what it really used; nothing, if it did not happen. Counts once. */
  settle(used: readonly QuotaItem[]): void;
}

/** `decision` is the service's, and null where a lease had room: then nobody was asked. Not admitted: as `QuotaClient` has it. */
export type AdmitOutcome =
  | { readonly kind: "admitted"; readonly admission: Admission; readonly decision: ReservationDecision | null }
  | {
      readonly kind: "denied";
      readonly decision: ReservationDecision;
      /** `Retry-After` and the rate limit fields, to be passed on to the caller. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | Extract<ReserveOutcome, { readonly kind: "rejected" }>;

/** Work under a reservation of its own; `close` closes that at what was used. */
export function singleAdmission(reservationId: string, close: (used: readonly QuotaItem[]) => void): Admission {
  let isSettled = false;
  return {
    allowed: true,
    reservationId,
    settle(used) {
      if (isSettled) return;
      isSettled = true;
      close(used);
    },
  };
}
