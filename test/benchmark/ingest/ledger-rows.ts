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
  const written = writtenSince(since);
  const lines = await copyOut(client, `copy (select * from ${written} order by ctid) to stdout`);
  const copyBuffers: Buffer[] = [];
  for (let at = 0; at < lines.length; at += sizes.rowsPerCommit) {
    copyBuffers.push(Buffer.concat(lines.slice(at, at + sizes.rowsPerCommit)));
  }
  const { rows } = await client.query<(string | null)[]>({
    text: `select * from ${written} limit ${sizes.valueRows}`,
    rowMode: "array",
    types: { getTypeParser: () => (text: string) => text },
  });
  return { count: lines.length, copyBuffers, values: rows };
}

/** How many events the ledger has been given since an instant. */
export async function countEventsSince(client: Client, since: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`select count(*) from ${writtenSince(since)}`);
  return Number(rows[0]!.count);
}

/** How many events the hour rollups say there are. */
export async function countRolledUp(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    "select coalesce(sum(events), 0) as count from quotel.usage_rollups where granularity = 'hour'",
  );
  return Number(rows[0]!.count);
}

/** The server's clock, as text. */
export async function serverInstant(client: Client): Promise<string> {
  const { rows } = await client.query<{ at: string }>("select clock_timestamp()::text as at");
  return rows[0]!.at;
}

/** Spans of the benchmark end within minutes of being sent, so a month of older partitions is left alone. */
function writtenSince(since: string): string {
  return `quotel.usage_events where event_day >= current_date - 1 and received_at >= '${since}'`;
}
