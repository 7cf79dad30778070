import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/** Names what one process writes in one transaction. */
export interface BatchName {
  /** UUID of the process, or of whatever numbers its batches in it. */
  readonly writerId: string;
  /** Counts up from 1. A writer ends one batch before it begins the next. */
  readonly batch: number;
}

/**
 * Whether a batch is still to be written: false once a transaction that claimed it has committed. The writer's row stays
 * locked until the transaction ends, so a batch that is sent again waits for what became of the first time.
 */
export async function claimBatch(client: ClientBase, { writerId, batch }: BatchName): Promise<boolean> {
  const { rowCount } = await query(client, {
    name: "claim-denial-batch",
    text: `
      insert into quotel.denial_writers as w (writer_id, batch, written_at) values ($1, $2, now())
      on conflict (writer_id) do update set batch = excluded.batch, written_at = excluded.written_at
      where w.batch < excluded.batch`,
    values: [writerId, batch],
  });
  return rowCount === 1;
}
