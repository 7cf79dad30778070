import type { DecisionExplanation } from "@quotel/conventions";
import type { Pool } from "pg";
import { readDeniedDecision } from "#database/denials/read-denied-decision";
import { readReservation } from "#database/reservations/read-reservation";
import { reservationStateOf } from "../../decisions/reservation-state.ts";
import { readEventsOf } from "./read-events.ts";

const EVENTS_MAX = 1_000;

/**
 * Explains a decision from what is stored of it: an admission by the reservation that it made, whose id it has, and by
 * the events that settled it; a denial where it is one of those that are kept. Null where neither is known.
 */
export async function explainDecision(
  pool: Pool,
  tenantId: string,
  decisionId: string,
): Promise<DecisionExplanation | null> {
  const admitted = await readReservation(pool, { tenantId, reservationId: decisionId });
  if (admitted !== null) {
    const { decision, reservation } = admitted;
    const events = await readEventsOf(pool, reservation, EVENTS_MAX + 1);
    return {
      kind: "admission",
      decision,
      reservation: reservationStateOf(reservation),
      events: events.slice(0, EVENTS_MAX),
      moreEvents: events.length > EVENTS_MAX,
    };
  }
  const decision = await readDeniedDecision(pool, tenantId, decisionId);
  return decision === null ? null : { kind: "denial", decision, reservation: null, events: [], moreEvents: false };
}
