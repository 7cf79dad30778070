import type { Pool } from "pg";
import { query } from "../pool.ts";

/** From which UTC day on the ledger has never lost a row, in days since the Unix epoch; -Infinity = from the start. */
export async function readSealedBefore(pool: Pool): Promise<number> {
  const { rows } = await query<{ day: number | null }>(pool, {
    name: "read-sealed-before",
    text: `
      select case when isfinite(sealed_before) then sealed_before - date '1970-01-01' end as day from quotel.ledger_seal`,
  });
  return rows[0]?.day ?? -Infinity;
}
