import type { Pool } from "pg";
import { query } from "../pool.ts";

/** Opens a run of `npm run backfill` and returns its id. @param sha256 hex, of the file's bytes */
export async function openBackfill(
  pool: Pool,
  file: { readonly name: string; readonly sha256: string },
): Promise<string> {
  const { rows } = await query<{ id: string }>(pool, {
    name: "open-backfill",
    text: `
      insert into quotel.backfills (backfill_id, file_name, sha256)
      values (gen_random_uuid(), $1, decode($2, 'hex'))
      returning backfill_id::text as id`,
    values: [file.name, file.sha256],
  });
  return rows[0]!.id;
}
