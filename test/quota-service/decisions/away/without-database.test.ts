import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { ReserveOutcome } from "../../../../quota-service/decisions/contract.ts";
import { RememberedTenants } from "../../../../quota-service/decisions/facts/remembered-tenants.ts";
import { createDecisionEngine } from "../../../../quota-service/decisions/engine.ts";
import { openCuttableConnection } from "../../../database/keys/cuttable-connection.ts";
import { createTestDatabase } from "../../../database/test-database.ts";

const CALLER = { keyId: "service" };
const database = await createTestDatabase();
const connection = await openCuttableConnection(database.writerUrl);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
const pool = createPool({ connectionString: connection.url, applicationName: "service" });
const modes: string[] = [];
const engine = createDecisionEngine({
  pool,
  defaultPlan: null,
  log: { error: () => {} },
  onDecidedAway: ({ mode }) => modes.push(mode),
});
afterAll(database.drop);
afterAll(async () => {
  await engine.drain();
  await Promise.all([admin.end(), pool.end()]);
});

let count = 0;
const reserve = (tenantId: string, resource: string): Promise<ReserveOutcome> =>
  engine.reserve(
    {
      tenantId,
      reservationId: `0198a000-0000-7000-8000-${String((count += 1)).padStart(12, "0")}`,
      items: [{ resource, amount: 10 }],
      ttlSeconds: 300,
      requestHash: "ab",
    },
    CALLER,
  );

beforeAll(async () => {
  await admin.query("insert into quotel.plans (plan_id, version) values ('test', 1)");
  await admin.query(`insert into quotel.plan_limits (plan_id, version, resource, period, amount, enforcement, on_unavailable)
    values ('test', 1, 'tokens', 'day', 1000, 'hard', 'allow'), ('test', 1, 'tokens', 'month', 5000, 'hard', 'allow'),
      ('test', 1, 'cost', 'day', 1000, 'hard', 'deny'), ('test', 1, 'searches', 'day', 1000, 'shadow', 'deny')`);
  await admin.query("insert into quotel.tenants (tenant_id, plan_id) values ('known', 'test'), ('stranger', 'test')");
});

test("I14: without the database each limit allows or denies as it was last told to, the answer says so, and all is counted", async () => {
  for (const resource of ["tokens", "cost", "searches"])
    expect((await reserve("known", resource)).kind).toBe("reserved");
  await connection.cut();
  expect(await reserve("known", "tokens")).toMatchObject({
    kind: "reserved",
    decision: { mode: "fail_open", plan: "test", items: [{ period: "day", limit: 1000, granted: 10 }, {}] },
  });
  const closed = await reserve("known", "cost");
  expect(closed).toMatchObject({
    kind: "denied",
    decision: { mode: "fail_closed", reason: null, retryAfterSeconds: 1, items: [{ allowed: false, granted: 0 }] },
  });
  expect(await reserve("known", "searches")).toMatchObject({ kind: "reserved", decision: { mode: "fail_open" } });
  expect(await reserve("stranger", "cost")).toMatchObject({ kind: "reserved", decision: { mode: "fail_open" } });
  expect(engine.isDatabaseAway()).toBe(true);
  expect(modes).toEqual(["fail_open", "fail_closed", "fail_open", "fail_open"]);
  await connection.restore();
  await expect
    .poll(async () => (await reserve("known", "cost")).kind === "reserved" && !engine.isDatabaseAway(), {
      timeout: 10_000,
    })
    .toBe(true);
  // The denial of the outage is counted when it is over.
  await expect
    .poll(async () => (await admin.query("select reason from quotel.quota_denials where resource = 'cost'")).rows[0], {
      timeout: 10_000,
    })
    .toEqual({ reason: "UNAVAILABLE" });
});

test("limits are remembered for an hour and no longer", () => {
  let nowMs = 0;
  const remembered = new RememberedTenants(() => nowMs);
  const plan = { planId: "trial", planVersion: 1, planSource: "assigned" } as const;
  const tenant = {
    tenantId: "acme",
    ...plan,
    licenceStatus: "active",
    licenceExpiresAtMs: null,
    calendar: [],
  } as const;
  remembered.remember({ tenant, limits: [] });
  nowMs = 3_600_000;
  expect(remembered.recall("acme")).toEqual({ tenant, limits: [] });
  nowMs += 1;
  expect(remembered.recall("acme")).toBeNull();
});
