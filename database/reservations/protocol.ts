/**
 * The reservation protocol as pure functions (design section 7). A hold depends on state, estimate, true amount and
 * settled amount only, so the order in which reserve, spans, close and expiry arrive never matters.
 */

export type ReservationPhase = "early" | "open" | "closed" | "settled" | "kept" | "released" | "expired";

/** Amounts of one resource under a reservation: estimated (E), true (A, null until closed), settled by spans (S). */
export interface ReservedResource {
  readonly resource: string;
  readonly estimate: number;
  readonly trueAmount: number | null;
  readonly settled: number;
  /** Part of `settled` that came after the reservation had expired (the one exception of I8). */
  readonly lateAfterExpiry: number;
}

export interface Reservation {
  readonly tenantId: string;
  readonly reservationId: string;
  readonly phase: ReservationPhase;
  /** Hex hash of the reserve request; null while no reserve has arrived. */
  readonly requestHash: string | null;
  readonly admittedAtMs: number;
  readonly dayStartMs: number;
  readonly monthStartMs: number;
  /** Null where nothing is held. */
  readonly expiresAtMs: number | null;
  /** How long its holds are kept when it expires unclosed; null where expiry frees them, and where it is not open. */
  readonly keptUntilMs: number | null;
  /** Null until it is closed. */
  readonly closedAtMs: number | null;
  readonly resources: readonly ReservedResource[];
}

/** What a reservation keeps from others: open and kept max(0, E-S), closed max(0, A-S), else 0. */
export function holdOf(phase: ReservationPhase, item: ReservedResource): number {
  if (phase === "open" || phase === "kept") return Math.max(0, item.estimate - item.settled);
  if (phase === "closed") return Math.max(0, (item.trueAmount ?? 0) - item.settled);
  return 0;
}

/** Spans brought `amounts`: S rises whatever the phase; a closed reservation whose spans are all here is settled. */
export function settle(
  reservation: Reservation,
  amounts: readonly { readonly resource: string; readonly amount: number }[],
): Reservation {
  const late = reservation.phase === "expired";
  const resources = withEveryResource(reservation, amounts).map((item) => {
    const added = amounts.reduce((sum, it) => (it.resource === item.resource ? sum + it.amount : sum), 0);
    return { ...item, settled: item.settled + added, lateAfterExpiry: item.lateAfterExpiry + (late ? added : 0) };
  });
  return finished({ ...reservation, resources });
}

/** Close at the true totals. A resource that is not named is closed at what has been settled so far. */
export function close(
  reservation: Reservation,
  amounts: readonly { readonly resource: string; readonly amount: number }[],
  { closedAtMs, settleByMs }: { readonly closedAtMs: number; readonly settleByMs: number },
): Reservation {
  const resources = withEveryResource(reservation, amounts).map((item) => ({
    ...item,
    trueAmount: amounts.find((it) => it.resource === item.resource)?.amount ?? item.settled,
  }));
  return finished({
    ...reservation,
    phase: "closed",
    resources,
    closedAtMs,
    expiresAtMs: settleByMs,
    keptUntilMs: null,
  });
}

/** Add to the estimates and move the expiry. Whether it fits is the caller's decision. */
export function extend(
  reservation: Reservation,
  amounts: readonly { readonly resource: string; readonly amount: number }[],
  expiresAtMs: number,
): Reservation {
  const resources = withEveryResource(reservation, amounts).map((item) => ({
    ...item,
    estimate: item.estimate + (amounts.find((it) => it.resource === item.resource)?.amount ?? 0),
  }));
  return { ...reservation, resources, expiresAtMs };
}

/** The work did not happen (`released`), or its time has run out (`expired`): nothing is held any more. */
export function end(reservation: Reservation, phase: "released" | "expired"): Reservation {
  return { ...reservation, phase, expiresAtMs: null, keptUntilMs: null };
}

/** Its time has run out: what it holds is free, or kept for longer where that was agreed. */
export function expire(reservation: Reservation, nowMs: number): Reservation {
  const { keptUntilMs } = reservation;
  if (keptUntilMs === null || keptUntilMs <= nowMs) return end(reservation, "expired");
  return { ...reservation, phase: "kept", expiresAtMs: keptUntilMs, keptUntilMs: null };
}

/** Whether it still holds something in principle: until its time, or the time it is kept for, has run out. */
export function isLive({ phase, expiresAtMs, keptUntilMs }: Reservation, nowMs: number): boolean {
  const holds = phase === "open" || phase === "closed" || phase === "kept";
  return holds && expiresAtMs !== null && Math.max(expiresAtMs, keptUntilMs ?? 0) > nowMs;
}

/** Whether work may still begin under it. */
export function isOpen({ phase, expiresAtMs }: Reservation, nowMs: number): boolean {
  return phase === "open" && expiresAtMs !== null && expiresAtMs > nowMs;
}

/** A row for a reservation that a span, a close or a release names before any reserve has arrived. */
export function earlyReservation(
  tenantId: string,
  reservationId: string,
  at: Pick<Reservation, "admittedAtMs" | "dayStartMs" | "monthStartMs">,
): Reservation {
  const nothing = { requestHash: null, expiresAtMs: null, keptUntilMs: null, closedAtMs: null, resources: [] };
  return { tenantId, reservationId, phase: "early", ...nothing, ...at };
}

function withEveryResource(
  reservation: Reservation,
  amounts: readonly { readonly resource: string }[],
): ReservedResource[] {
  const known = [...reservation.resources];
  for (const { resource } of amounts) {
    if (!known.some((item) => item.resource === resource)) {
      known.push({ resource, estimate: 0, trueAmount: null, settled: 0, lateAfterExpiry: 0 });
    }
  }
  return known;
}

function finished(reservation: Reservation): Reservation {
  if (reservation.phase !== "closed") return reservation;
  const held = reservation.resources.some((item) => holdOf("closed", item) > 0);
  return held ? reservation : { ...reservation, phase: "settled", expiresAtMs: null };
}
