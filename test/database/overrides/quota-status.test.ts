import { randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertOverride } from "#database/overrides/insert-override";
import { revokeOverride } from "#database/overrides/revoke-override";
import { applyCatalogue } from "#database/plans/apply-catalogue";
import { limitSchema, validateCatalogue } from "#database/plans/catalogue";
import { createPool } from "#database/pool";
import { recordPoints } from "#database/levels/record-points";
import { recordEvents } from "#database/record/record-events";
import { inTransaction } from "#database/transaction";
import { tokensEvent } from "../../quota-service/decisions/tokens-event.ts";
import { createTestDatabase } from "../test-database.ts";

type Pool = ReturnType<typeof createPool>;

const HOUR_MS = 3_600_000;
const CATALOGUE = validateCatalogue({
  plans: {
    basic: {
      limits: [
        { resource: "tokens", period: "day", amount: 100 },
        { resource: "chat_messages", period: "day", amount: 10 },
        { resource: "members", period: "level", amount: 5 },
      ],
    },
  },
});

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const owner = createPool({ connectionString: database.ownerUrl, applicationName: "test" });
  const writer = createPool({ connectionString: database.writerUrl, applicationName: "test" });
  const tenant = createPool({ connectionString: database.tenantUrl, applicationName: "test" });
  const reader = createPool({ connectionString: database.readerUrl, applicationName: "test" });
  afterAll(() => Promise.all([owner, writer, tenant, reader].map((pool) => pool.end())));

  beforeAll(async () => {
    if (!CATALOGUE.ok) throw new Error("the catalogue is wrong");
    await owner.query("select quotel.ensure_event_partitions(current_date - 1, current_date + 1)");
    await applyCatalogue(writer, CATALOGUE.catalogue);
  });

  async function register(tenantId: string, usedTokens: number): Promise<void> {
    await writer.query(
      "insert into quotel.tenants (tenant_id, plan_id, plan_source) values ($1, 'basic', 'assigned')",
      [tenantId],
    );
    if (usedTokens === 0) return;
    const received = { producerId: "test", receivedAtMicros: Date.now() * 1000 };
    const event = tokensEvent(tenantId, "one", usedTokens, null);
    await inTransaction(writer, (client) => recordEvents(client, [{ event, ...received }]));
  }

  function override(tenantId: string, limit: object, { from = 0, until = Infinity } = {}): Promise<string> {
    const nowMs = Date.now() - 1_000;
    const overrideId = randomUUIDv7();
    return inTransaction(writer, async (client) => {
      await insertOverride(client, {
        tenantId,
        overrideId,
        limit: limitSchema.parse({ resource: "tokens", period: "day", ...limit }),
        validFromMs: nowMs + from * HOUR_MS,
        validUntilMs: until === Infinity ? null : nowMs + until * HOUR_MS,
        reason: "test",
        actor: "test",
      });
      return overrideId;
    });
  }

  async function statusOf(tenantId: string, resource = "tokens"): Promise<unknown[]> {
    const { rows } = await reader.query(
      `select period, limit_amount, source, used, remaining, percent_used, state from quota_status
       where tenant_id = $1 and resource = $2 order by period`,
      [tenantId, resource],
    );
    return rows;
  }

  async function check(pool: Pool, tenantId: string, tokens: number, as?: string): Promise<unknown> {
    return inTransaction(pool, async (client) => {
      if (as !== undefined) await client.query("select set_config('quotel.tenant_id', $1, true)", [as]);
      const { rows } = await client.query("select * from check_tenant_quota($1, $2)", [tenantId, tokens]);
      return rows[0] ?? null;
    });
  }

  test("of a resource and period the override in force that was made last holds, else the plan's limit", async () => {
    await register("acme", 90);
    const limits = async (): Promise<unknown> =>
      (await statusOf("acme")).map((row) => {
        const { limit_amount, source } = row as { limit_amount: number | null; source: string };
        return [limit_amount, source];
      });
    expect(await limits()).toEqual([[100, "plan"]]);
    await override("acme", { amount: 1 }, { from: -2, until: -1 });
    await override("acme", { amount: 2 }, { from: 1 });
    expect(await limits()).toEqual([[100, "plan"]]);
    const first = await override("acme", { amount: 300 }, { until: 1 });
    const second = await override("acme", { amount: null });
    expect(await limits()).toEqual([[null, "override"]]);
    for (const [overrideId, left] of [
      [second, [300, "override"]],
      [first, [100, "plan"]],
    ] as const) {
      await inTransaction(writer, (client) => revokeOverride(client, { tenantId: "acme", overrideId }, "test"));
      expect(await limits()).toEqual([left]);
    }
  });

  test("an override of what the plan does not limit is a limit as well", async () => {
    await register("globex", 60);
    await override("globex", { period: "month", amount: 50 });
    expect(await statusOf("globex")).toMatchObject([
      { period: "day", limit_amount: 100, source: "plan", used: 60, remaining: 40, percent_used: 60, state: "ok" },
      { period: "month", limit_amount: 50, source: "override", remaining: 0, percent_used: 120, state: "exceeded" },
    ]);
  });

  test.each([
    [79, 0, "ok"],
    [80, 0, "warning"],
    [100, 0, "exceeded"],
    [100, 0.1, "warning"],
    [101, 0.1, "grace"],
    [110, 0.1, "exceeded"],
  ])("%i of 100 tokens used with a grace of %d is %s", async (used, graceFraction, state) => {
    const tenantId = `grace-${used}-${graceFraction}`;
    await register(tenantId, used);
    await override(tenantId, { amount: 100, graceFraction });
    expect(await statusOf(tenantId)).toMatchObject([{ used, state }]);
  });

  test("of a level limit the status shows what is held now", async () => {
    await register("levelled", 0);
    const nowMicros = Date.now() * 1000;
    const point = {
      tenantId: "levelled",
      resource: "members",
      kind: "gauge" as const,
      stream: "00000001-0000-4000-8000-000000000000",
      startedAtMicros: 0,
      sampledAtMicros: nowMicros,
      accountedAtMicros: nowMicros,
      value: 4,
    };
    await inTransaction(writer, (client) =>
      recordPoints(client, [{ point, producerId: "test", receivedAtMicros: nowMicros }]),
    );
    expect(await statusOf("levelled", "members")).toMatchObject([{ period: "level", used: 4, state: "warning" }]);
  });

  test("check_tenant_quota answers by the limits in force, with the numbers of the tightest one", async () => {
    await register("asked", 90);
    expect(await check(reader, "asked", 10)).toMatchObject({ allowed: true, reason: null, used: 90, remaining: 10 });
    expect(await check(reader, "asked", 11)).toMatchObject({ allowed: false, reason: "QUOTA_EXCEEDED" });
    expect(await check(reader, "asked", 101)).toMatchObject({ allowed: false, reason: "AMOUNT_EXCEEDS_LIMIT" });
    await override("asked", { period: "month", amount: 95 });
    expect(await check(reader, "asked", 10)).toMatchObject({ allowed: false, limit_amount: 95, remaining: 5 });
    await override("asked", { period: "month", amount: 95, graceFraction: 1 });
    expect(await check(reader, "asked", 10)).toMatchObject({ allowed: true });
    await override("asked", { period: "day", amount: 1, enforcement: "soft" });
    expect(await check(reader, "asked", 10)).toMatchObject({ allowed: true });
    await override("asked", { period: "day", amount: null });
    await override("asked", { period: "month", amount: null });
    expect(await check(reader, "asked", 1e15)).toMatchObject({ allowed: true, limit_amount: null, remaining: null });
  });

  test("check_tenant_quota refuses a licence that is inactive or over", async () => {
    await register("lapsed", 0);
    await writer.query(
      "update quotel.tenants set licence_expires_at = now() + interval '1 day' where tenant_id = 'lapsed'",
    );
    expect(await check(reader, "lapsed", 1)).toMatchObject({ allowed: true });
    for (const change of ["licence_expires_at = now()", "licence_expires_at = null, licence_status = 'suspended'"]) {
      await writer.query(`update quotel.tenants set ${change} where tenant_id = 'lapsed'`);
      expect(await check(reader, "lapsed", 1)).toMatchObject({ allowed: false, reason: "LICENSE_INACTIVE" });
    }
  });

  test("I13: check_tenant_quota answers a tenant about itself only", async () => {
    await register("own", 0);
    await override("own", { amount: 7 });
    expect(await check(tenant, "own", 1, "own")).toMatchObject({ allowed: true, limit_amount: 7 });
    expect(await check(tenant, "own", 1, "other")).toBeNull();
    expect(await check(tenant, "own", 1)).toBeNull();
    expect(await check(reader, "nobody", 1)).toBeNull();
  });
});
