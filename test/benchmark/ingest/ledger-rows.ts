import type { Client } from "pg";
import { copyOut } from "./copy.ts";

/** Ledger rows of one round as the baselines need them. */
export interface LedgerRows {
  readonly count: number;
  /** Bodies of `COPY ... FROM STDIN`, `rowsPerCommit` rows each. */
  readonly copyBuffers: readonly Buffer[];
  /** Some of the same rows, one array of column values (as text) each. */
  readonly values: readonly (readonly (string | null)[])[];
}

/** Reads the rows that our collector has written since an instant, in the order it wrote them. */
export async function readLedgerRows(
  client: Client,
  since: string,
  sizes: { readonly rowsPerCommit: number; readonly valueRows: number },
): Promise<LedgerRows> {
  const where = `quotel.usage_events where received_at >= '${since}'`;
  const lines = await copyOut(client, `copy (select * from ${where} order by ctid) to stdout`);
  const copyBuffers: Buffer[] = [];
  for (let at = 0; at < lines.length; at += sizes.rowsPerCommit) {
    copyBuffers.push(Buffer.concat(lines.slice(at, at + sizes.rowsPerCommit)));
  }
  const { rows } = await client.query<(string | null)[]>({
    text: `select * from ${where} limit ${sizes.valueRows}`,
    rowMode: "array",
    types: { getTypeParser: () => (text: string) => text },
  });
  return { count: lines.length, copyBuffers, values: rows };
}

/** The server's clock, as text. */
export async function serverInstant(client: Client): Promise<string> {
  const { rows } = await client.query<{ at: string }>("select clock_timestamp()::text as at");
  return rows[0]!.at;
}

/** How many events the ledger holds, and how many the hour rollups say there are. */
export async function countEvents(client: Client): Promise<{ ledger: number; rolledUp: number }> {
  const { rows } = await client.query<{ ledger: string; rolled_up: string }>(`
    select (select count(*) from quotel.usage_events) as ledger,
      (select coalesce(sum(events), 0) from quotel.usage_rollups where granularity = 'hour') as rolled_up`);
  return { ledger: Number(rows[0]!.ledger), rolledUp: Number(rows[0]!.rolled_up) };
}
