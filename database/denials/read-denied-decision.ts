import type { ReservationDecision } from "@quotel/conventions";
import type { Pool } from "pg";
import { query } from "../pool.ts";

/** A denial that was kept whole, as it was answered; null where none of the tenant's has this id. */
export async function readDeniedDecision(
  pool: Pool,
  tenantId: string,
  decisionId: string,
): Promise<ReservationDecision | null> {
  const { rows } = await query<{ decision: ReservationDecision }>(pool, {
    name: "read-denied-decision",
    text: "select decision from quotel.denied_decisions where tenant_id = $1 and decision_id = $2 limit 1",
    values: [tenantId, decisionId],
  });
  return rows[0]?.decision ?? null;
}
