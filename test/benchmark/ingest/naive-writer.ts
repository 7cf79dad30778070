import type { Client } from "pg";

/** Positions of the columns of quotel.usage_events that the counter's key is made of. */
const TENANT_ID = 0;
const EVENT_DAY = 1;

/** The table of counters that such a system keeps beside its events. */
export async function makeCounters(client: Client): Promise<void> {
  await client.query(`
    create table public.counters (
      tenant_id text, resource text, day date, used bigint not null, primary key (tenant_id, resource, day)
    ) with (fillfactor = 70)`);
}

/**
 * Writes events as most systems do: one insert and one upsert of a counter per event, one event after the other, each
 * statement its own commit. Prepared statements, so that what is measured is the round trips and the commits.
 */
export async function writeOneByOne(client: Client, rows: readonly (readonly (string | null)[])[]): Promise<void> {
  const columns = rows[0]?.length ?? 0;
  const places = Array.from({ length: columns }, (_, index) => `$${index + 1}`).join(", ");
  for (const row of rows) {
    await client.query({
      name: "naive-insert",
      text: `insert into quotel.usage_events values (${places}) on conflict do nothing`,
      values: [...row],
    });
    await client.query({
      name: "naive-upsert",
      text: `
        insert into public.counters as c (tenant_id, resource, day, used) values ($1, 'api_calls', $2::date, 1)
        on conflict (tenant_id, resource, day) do update set used = c.used + excluded.used`,
      values: [row[TENANT_ID], row[EVENT_DAY]],
    });
  }
}
