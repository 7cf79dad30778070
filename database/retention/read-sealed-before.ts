import type { ClientBase, Pool } from "pg";
import { query } from "../pool.ts";

/** The first UTC day (`YYYY-MM-DD`) of which the ledger still has every event; null = none has been dropped. */
export async function readSealedBefore(connection: Pool | ClientBase): Promise<string | null> {
  const { rows } = await query<{ day: string | null }>(connection, {
    name: "read-sealed-before",
    text: "select case when isfinite(sealed_before) then sealed_before::text end as day from quotel.ledger_seal",
  });
  return rows[0]!.day;
}
