import type { Client } from "pg";

/** Positions of the columns of quotel.usage_events that the upsert needs. */
const TENANT_ID = 0;
const EVENT_DAY = 1;

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
    const day = row[EVENT_DAY];
    await client.query({
      name: "naive-upsert",
      text: `
        insert into quotel.quota_totals as t (tenant_id, resource, period, period_start, period_end, used, reserved)
        values ($1, 'api_calls', 'day', $2::date, $2::date + 1, 1, 0)
        on conflict (tenant_id, resource, period, period_start) do update set used = t.used + excluded.used`,
      values: [row[TENANT_ID], day],
    });
  }
}
