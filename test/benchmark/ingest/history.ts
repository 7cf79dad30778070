import { escapeIdentifier } from "pg";
import type { Client } from "pg";
import { copyIn } from "./copy.ts";
import type { LedgerRows } from "./ledger-rows.ts";

export const HISTORY_DAYS = 30;

/**
 * Fills the ledger of a database with `events` events of the last 30 days, as if they had come in day by day: copies of
 * rows that our collector wrote, so of their width, tenants and order, each under a trace id of its own. Inside Postgres,
 * straight into the ledger: the rollups stay without them. Ends with a vacuum and a checkpoint, so that neither falls into
 * what is measured.
 */
export async function fillLedger(client: Client, sample: LedgerRows, events: number): Promise<void> {
  await client.query("set synchronous_commit = off");
  await client.query("create table public.sample (like quotel.usage_events)");
  for (const buffer of sample.copyBuffers) await copyIn(client, "copy public.sample from stdin", buffer);
  const columns = await ledgerColumns(client);
  const perDay = Math.ceil(events / HISTORY_DAYS);
  // Of long ago: batches of record transactions count up from 1.
  let batch = -1;
  for (let daysAgo = HISTORY_DAYS - 1; daysAgo >= 0; daysAgo--) {
    // In portions, for in one statement a planner is free to put all copies of a row next to one another.
    for (let filled = 0; filled < perDay; filled += sample.count) {
      await copySample(client, columns, { daysAgo, batch: batch--, rows: Math.min(sample.count, perDay - filled) });
    }
  }
  await client.query("drop table public.sample");
  await client.query("vacuum (analyze) quotel.usage_events");
  await client.query("checkpoint");
  await client.query("reset synchronous_commit");
}

interface Column {
  readonly name: string;
  readonly type: string;
}

async function ledgerColumns(client: Client): Promise<readonly Column[]> {
  const { rows } = await client.query<Column>(`
    select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = 'quotel.usage_events'::regclass and attnum > 0 and not attisdropped order by attnum`);
  return rows;
}

/** Copies the first rows of the sample to an earlier day: every date and instant moves with it, the rest stays as it is. */
async function copySample(
  client: Client,
  columns: readonly Column[],
  { daysAgo, batch, rows }: { readonly daysAgo: number; readonly batch: number; readonly rows: number },
): Promise<void> {
  const values = columns.map(({ name, type }) => {
    if (name === "trace_id") return "gen_random_uuid()";
    if (name === "batch") return String(batch);
    if (type === "date") return `${escapeIdentifier(name)} - ${daysAgo}`;
    if (type === "timestamp with time zone") return `${escapeIdentifier(name)} - interval '${daysAgo} days'`;
    return escapeIdentifier(name);
  });
  await client.query(`
    insert into quotel.usage_events (${columns.map(({ name }) => escapeIdentifier(name)).join(", ")})
    select ${values.join(", ")} from public.sample limit ${rows}`);
}
