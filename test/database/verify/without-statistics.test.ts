import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { recordEvents } from "#database/record/record-events";
import { foldRollups } from "#database/rollups/fold";
import { inTransaction } from "#database/transaction";
import { checkIdentities } from "#database/verify/checks/check-identities";
import { tokensEvent } from "../../quota-service/decisions/tokens-event.ts";
import { createTestDatabase } from "../test-database.ts";

const DAY_MS = 86_400_000;

test("a large day whose partition nobody has analyzed yet is verified without comparing each event with all others", async () => {
  const database = await createTestDatabase();
  afterAll(database.drop);
  const owner = createPool({ connectionString: database.ownerUrl, applicationName: "owner" });
  afterAll(() => owner.end());
  await owner.query("select quotel.ensure_event_partitions(current_date - 2, current_date + 1)");
  const receivedAtMicros = Date.now() * 1000;
  const noonMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS / 2;
  const event = tokensEvent("acme", "one", 1, null, noonMs * 1000);
  await inTransaction(owner, (client) => recordEvents(client, [{ event, producerId: "test", receivedAtMicros }]));
  await foldRollups(owner);
  const columns = await owner.query<{ list: string }>(
    `select string_agg(quote_ident(attname), ', ' order by attnum) as list
     from pg_attribute where attrelid = 'quotel.usage_events'::regclass and attnum > 0 and attgenerated = ''`,
  );
  const { list } = columns.rows[0]!;
  // Quadratic, this many would take longer than a test may.
  await owner.query(
    `insert into quotel.usage_events (${list})
     select ${list.replace("trace_id", "gen_random_uuid()")} from quotel.usage_events, generate_series(1, 60000)`,
  );
  const { rows } = await owner.query<{ tenantId: string; dayStartMs: number }>(
    `select tenant_id as "tenantId", (extract(epoch from day_start) * 1000)::bigint as "dayStartMs"
     from quotel.accounted_days`,
  );
  const found = await inTransaction(owner, (client) => checkIdentities(client, rows));
  expect([rows.length, found]).toEqual([1, []]);
});
