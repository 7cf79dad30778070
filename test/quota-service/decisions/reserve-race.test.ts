import { afterAll, expect, test } from "vitest";
import type { ClientBase } from "pg";
import { change } from "../../../quota-service/decisions/change-group.ts";
import { createDecisionEngine } from "../../../quota-service/decisions/engine.ts";
import { createPool } from "#database/pool";
import { recordEvents } from "#database/record/record-events";
import { inTransaction } from "#database/transaction";
import { createTestDatabase } from "../../database/test-database.ts";
import { driftFromHolds } from "../../database/record/usage-oracle.ts";
import { tokensEvent } from "./tokens-event.ts";

const RESERVATION = "0198a000-0000-7000-8000-000000000001";
const CALLER = { keyId: "service" };
const quiet = { error: () => {} };

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
const pool = createPool({ connectionString: database.writerUrl, applicationName: "services" });
afterAll(() => Promise.all([admin.end(), pool.end()]));
await admin.query("select quotel.ensure_event_partitions(current_date - 1, current_date + 1)");
await admin.query("insert into quotel.plans (plan_id, version) values ('test', 1)");
await admin.query("insert into quotel.tenants (tenant_id, plan_id) values ('spans', 'test'), ('closes', 'test')");
const engine = createDecisionEngine({ pool, defaultPlan: "test", log: quiet });

const reserve = (tenantId: string) =>
  engine.reserve(
    {
      tenantId,
      reservationId: RESERVATION,
      items: [{ resource: "tokens", amount: 100 }],
      ttlSeconds: 300,
      requestHash: "ab",
    },
    CALLER,
  );

/** Reserves while `first` has made the row and not committed: the reserve saw none, and meets it when it writes its own. */
async function reserveDuring(tenantId: string, first: (client: ClientBase) => Promise<unknown>) {
  let reserving: ReturnType<typeof reserve> | undefined;
  await inTransaction(pool, async (client) => {
    await first(client);
    reserving = reserve(tenantId);
    const waiting =
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await expect.poll(async () => (await admin.query<{ n: number }>(waiting)).rows[0]!.n).toBe(1);
  });
  return reserving!;
}

test("a span that makes the reservation's row while the reserve is being decided keeps what it settled", async () => {
  const outcome = await reserveDuring("spans", (client) =>
    recordEvents(client, [
      {
        event: tokensEvent("spans", "early", 30, RESERVATION),
        producerId: "test",
        receivedAtMicros: Date.now() * 1000,
      },
    ]),
  );
  expect(outcome.kind).toBe("reserved");
  const { rows } = await admin.query(
    "select used, reserved from quotel.quota_totals where tenant_id = 'spans' and resource = 'tokens' and period = 'lifetime'",
  );
  expect(rows).toEqual([{ used: 30, reserved: 70 }]);
  expect(await driftFromHolds(admin)).toEqual([]);
});

test("a close that makes the reservation's row while the reserve is being decided stays closed", async () => {
  const outcome = await reserveDuring("closes", (client) =>
    change(client, [
      { action: "close", tenantId: "closes", reservationId: RESERVATION, items: [{ resource: "tokens", amount: 5 }] },
    ]),
  );
  expect(outcome.kind).toBe("ended");
  expect(await driftFromHolds(admin)).toEqual([]);
});
