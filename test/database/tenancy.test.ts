import { afterAll, describe, expect, test } from "vitest";
import { appendAuditEvents } from "#database/audit/append-audit-events";
import { addDenials } from "#database/denials/add-denials";
import type { MetricPoint } from "#database/levels/metric-point";
import { recordPoints } from "#database/levels/record-points";
import { createPool } from "#database/pool";
import { recordEvents } from "#database/record/record-events";
import { inTransaction } from "#database/transaction";
import { tokensEvent } from "../quota-service/decisions/tokens-event.ts";
import { auditEventOf } from "./audit/audit-event-of.ts";
import { createTestDatabase } from "./test-database.ts";

type Pool = ReturnType<typeof createPool>;

const VIEWS = [
  "tenant_usage_metrics",
  "tenant_usage_realtime",
  "usage_daily",
  "metered_tenants",
  "usage_by_model",
  "usage_by_user",
  "quota_status",
  "quota_denials",
  "usage_events",
  "usage_levels",
  "usage_levels_daily",
  "audit_events",
  "reservations",
];

function tenantsSeen(pool: Pool, view: string, as?: string): Promise<string[]> {
  return inTransaction(pool, async (client) => {
    if (as !== undefined) await client.query("select set_config('quotel.tenant_id', $1, true)", [as]);
    const { rows } = await client.query<{ tenant_id: string }>(
      `select distinct tenant_id from public.${view} order by tenant_id`,
    );
    return rows.map((row) => row.tenant_id);
  });
}

/** A sample of how many members a tenant has. */
function membersOf(tenantId: string, index: number): MetricPoint {
  const nowMicros = Date.now() * 1000;
  return {
    tenantId,
    resource: "members",
    kind: "gauge",
    stream: `0000000${index}-0000-4000-8000-000000000000`,
    startedAtMicros: 0,
    sampledAtMicros: nowMicros,
    accountedAtMicros: nowMicros,
    value: 3,
  };
}

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const pools = [database.ownerUrl, database.writerUrl, database.tenantUrl, database.readerUrl].map(
    (connectionString) => createPool({ connectionString, applicationName: "tenancy" }),
  ) as [Pool, Pool, Pool, Pool];
  const [owner, writer, tenant, reader] = pools;
  afterAll(() => Promise.all(pools.map((pool) => pool.end())));

  await owner.query("select quotel.ensure_event_partitions(current_date - 1, current_date + 1)");
  await owner.query("insert into quotel.plans (plan_id, version) values ('basic', 1)");
  await owner.query(
    "insert into quotel.plan_limits (plan_id, version, resource, period, amount) values ('basic', 1, 'tokens', 'day', 100)",
  );
  await owner.query("insert into quotel.tenants (tenant_id, plan_id) values ('acme', 'basic'), ('globex', 'basic')");
  const tenantIds = ["acme", "globex"];
  const received = { producerId: "test", receivedAtMicros: Date.now() * 1000 };
  const events = tenantIds.map((tenantId) => ({
    event: { ...tokensEvent(tenantId, "one", 10, null), userId: "ann" },
    ...received,
  }));
  const points = tenantIds.map((tenantId, index) => ({ point: membersOf(tenantId, index), ...received }));
  const denial = { resource: "tokens", minuteMs: 0, reason: "QUOTA_EXCEEDED" as const, denials: 1 };
  await inTransaction(writer, (client) =>
    addDenials(
      client,
      tenantIds.map((tenantId) => ({ tenantId, ...denial })),
    ),
  );
  await inTransaction(writer, (client) => recordEvents(client, events));
  await inTransaction(writer, (client) => recordPoints(client, points));
  await owner.query(
    `insert into quotel.reservations (tenant_id, reservation_id, state, admitted_at, day_start, month_start, resources,
       estimates, settled, held, late_after_expiry)
     select t, gen_random_uuid(), 'released', now(), now(), now(), '{tokens}', '{1}', '{0}', '{0}', '{0}'
     from unnest($1::text[]) t`,
    [tenantIds],
  );
  await inTransaction(writer, (client) =>
    appendAuditEvents(
      client,
      tenantIds.map((tenantId) => auditEventOf("one", { tenantId })),
    ),
  );

  test.each(VIEWS)("I13: %s shows a tenant its own rows, and none where no tenant is set", async (view) => {
    expect(await tenantsSeen(tenant, view, "acme")).toEqual(["acme"]);
    expect(await tenantsSeen(tenant, view, "globex")).toEqual(["globex"]);
    expect(await tenantsSeen(tenant, view, "")).toEqual([]);
    expect(await tenantsSeen(tenant, view)).toEqual([]);
    expect(await tenantsSeen(reader, view)).toEqual(["acme", "globex"]);
  });

  test("I13: no view that a tenant may read is missing from these checks", async () => {
    const { rows } = await owner.query<{ view: string }>(
      `select relname as view from pg_class
       where relnamespace = 'public'::regnamespace and has_table_privilege('quotel_tenant', oid, 'select')`,
    );
    expect(rows.map(({ view }) => view).toSorted()).toEqual(VIEWS.toSorted());
  });

  test("I13: readers and tenants reach rows through the views only, and can write nothing", async () => {
    for (const pool of [reader, tenant]) {
      await expect(pool.query("select * from quotel.usage_events")).rejects.toThrow(
        /permission denied for schema quotel/,
      );
      await expect(pool.query("select * from quotel.reservations")).rejects.toThrow(/permission denied/);
      await expect(pool.query("delete from public.usage_events")).rejects.toThrow(/cannot delete|permission denied/);
      await expect(pool.query("create table public.mine (id int)")).rejects.toThrow(/permission denied/);
    }
  });

  test("I13: the role that services use cannot change the ledger, the schema or the roles", async () => {
    await expect(writer.query("update quotel.usage_events set amount = 0")).rejects.toThrow(/permission denied/);
    await expect(writer.query("delete from quotel.usage_events")).rejects.toThrow(/permission denied/);
    await expect(writer.query("drop table quotel.usage_events")).rejects.toThrow(/must be owner/);
    await expect(writer.query("alter table quotel.usage_events disable row level security")).rejects.toThrow(
      /must be owner/,
    );
    await expect(writer.query("set role quotel_owner")).rejects.toThrow(/permission denied/);
  });
});
