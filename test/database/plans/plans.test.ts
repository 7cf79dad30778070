import { readFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { applyCatalogue, applyCatalogueAtStart } from "#database/plans/apply-catalogue";
import { validateCatalogue } from "#database/plans/catalogue";
import type { Catalogue } from "#database/plans/catalogue";
import { loadCatalogue } from "#database/plans/file/load-catalogue";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../test-database.ts";

const database = await createTestDatabase();
const pool = createPool({ connectionString: database.writerUrl, applicationName: "test" });
afterAll(database.drop);
afterAll(() => pool.end());

const DEFAULT_FILE = new URL("../../../plans.json", import.meta.url);

function catalogueOf(json: unknown): Catalogue {
  const result = validateCatalogue(json);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.catalogue;
}

async function versions(): Promise<Record<string, number>> {
  return Object.fromEntries((await readPlansInForce(pool)).map(({ planId, version }) => [planId, version]));
}

test("the default catalogue has the four plans with their four limits", async () => {
  const { plans } = catalogueOf(JSON.parse(await readFile(DEFAULT_FILE, "utf8")));
  const table = Object.fromEntries(
    Object.entries(plans).map(([planId, { limits }]) => [
      planId,
      limits.map(({ resource, period, amount }) => `${resource}/${period} ${amount}`),
    ]),
  );
  expect(table).toEqual({
    trial: ["tokens/day 10000", "api_calls/minute 30", "chat_messages/day 100", "embeddings/day 50"],
    starter: ["tokens/day 100000", "api_calls/minute 60", "chat_messages/day 1000", "embeddings/day 500"],
    pro: ["tokens/day 500000", "api_calls/minute 120", "chat_messages/day 5000", "embeddings/day 2000"],
    enterprise: ["tokens/day null", "api_calls/minute null", "chat_messages/day null", "embeddings/day null"],
  });
});

test("a plan gets a new version when its definition changes and only then", async () => {
  const limit = { resource: "tokens", period: "day", amount: 10 };
  const messages = { resource: "chat_messages", period: "month", amount: null, enforcement: "soft", warnAt: 0.9 };
  const first = { plans: { small: { features: ["export", "sso"], limits: [limit, messages] }, other: { limits: [] } } };
  expect(await applyCatalogue(pool, catalogueOf(first))).toMatchObject([
    { planId: "small", version: 1, oldVersion: null, isNew: true },
    { planId: "other", version: 1, oldVersion: null, isNew: true },
  ]);
  const reordered = {
    plans: {
      small: { features: ["sso", "export"], limits: [messages, { ...limit, warnAt: 0.8, enforcement: "hard" }] },
    },
  };
  expect(await applyCatalogue(pool, catalogueOf(reordered))).toEqual([
    { planId: "small", version: 1, oldVersion: 1, isNew: false, changes: [] },
  ]);
  const changed = { plans: { small: { features: ["export", "sso"], limits: [{ ...limit, amount: 11 }, messages] } } };
  expect(await applyCatalogue(pool, catalogueOf(changed))).toEqual([
    {
      planId: "small",
      version: 2,
      oldVersion: 1,
      isNew: true,
      changes: [
        {
          kind: "limit_changed",
          resource: "tokens",
          period: "day",
          fields: [{ field: "amount", old: 10, new: 11 }],
        },
      ],
    },
  ]);
  expect(await applyCatalogue(pool, catalogueOf(first))).toMatchObject([
    { planId: "small", version: 3, isNew: true },
    { planId: "other", version: 1, isNew: false },
  ]);
  const { rows } = await pool.query(
    "select version, amount from quotel.plan_limits where plan_id = 'small' and resource = 'tokens' order by 1",
  );
  expect(rows).toEqual([
    { version: 1, amount: 10 },
    { version: 2, amount: 11 },
    { version: 3, amount: 10 },
  ]);
});

test("many processes that apply the same catalogue at once make each version once", async () => {
  const catalogue = catalogueOf({ plans: { busy: { limits: [{ resource: "tokens", period: "day", amount: 1 }] } } });
  const applied = await Promise.all(Array.from({ length: 10 }, () => applyCatalogue(pool, catalogue)));
  expect(applied.flat().filter(({ isNew }) => isNew)).toHaveLength(1);
  expect((await versions())["busy"]).toBe(1);
});

test("processes that apply different catalogues at once end with one of them, whole", async () => {
  const of = (amount: number): Catalogue =>
    catalogueOf({
      plans: { torn: { limits: ["tokens", "embeddings"].map((resource) => ({ resource, period: "day", amount })) } },
    });
  await Promise.all([of(1), of(2), of(3), of(1)].map((catalogue) => applyCatalogue(pool, catalogue)));
  const torn = (await readPlansInForce(pool)).find(({ planId }) => planId === "torn");
  expect(new Set(torn?.limits.map(({ amount }) => amount)).size).toBe(1);
  expect(torn?.limits).toHaveLength(2);
});

test("a start changes a plan only where its file has changed, so an administrator's change outlives restarts", async () => {
  const admin = { type: "admin", id: "ann", producer: "test", clientAddress: null, userAgent: null } as const;
  const of = (amount: number): Catalogue =>
    catalogueOf({ plans: { kept: { limits: [{ resource: "tokens", period: "day", amount }] } } });
  const amount = async (): Promise<unknown> =>
    (await readPlansInForce(pool)).find(({ planId }) => planId === "kept")?.limits[0]?.amount;
  await applyCatalogueAtStart(pool, of(1));
  await applyCatalogue(pool, of(2), admin);
  expect(await applyCatalogueAtStart(pool, of(1))).toEqual([]);
  expect(await amount()).toBe(2);
  expect(await applyCatalogueAtStart(pool, of(3))).toMatchObject([{ planId: "kept", version: 3, isNew: true }]);
  expect(await amount()).toBe(3);
  expect(await applyCatalogueAtStart(pool, of(3))).toEqual([]);
});

test("L4: every version of a plan is in the audit trail, with who made it and what was before", async () => {
  const admin = { type: "admin", id: "bob", producer: "test", clientAddress: "192.0.2.7", userAgent: null } as const;
  const of = (amount: number): Catalogue =>
    catalogueOf({ plans: { audited: { limits: [{ resource: "tokens", period: "day", amount }] } } });
  await applyCatalogueAtStart(pool, of(1));
  for (const amount of [1, 2, 2]) await applyCatalogue(pool, of(amount), admin);
  const { rows } = await pool.query(
    `select event_type, actor_type, actor_id, client_address, old_values -> 'limits' -> 0 ->> 'amount' as old,
       new_values -> 'limits' -> 0 ->> 'amount' as new
     from public.audit_events where tenant_id = 'unattributed' and entity_id = 'audited' order by seq`,
  );
  expect(rows).toEqual([
    { event_type: "plan.created", actor_type: "system", actor_id: "start", client_address: null, old: null, new: "1" },
    {
      event_type: "plan.changed",
      actor_type: "admin",
      actor_id: "bob",
      client_address: "192.0.2.7",
      old: "1",
      new: "2",
    },
  ]);
});

test("every problem of a catalogue is named with its place", () => {
  const limit = { resource: "tokens", period: "day", amount: 1 };
  const result = validateCatalogue({
    plans: {
      none: { limits: [] },
      good: { limits: [limit, limit] },
      bad: {
        limits: [
          { ...limit, amount: -1 },
          { ...limit, period: "week" },
          { ...limit, resource: "To Kens" },
          { ...limit, warnAt: 2 },
          { ...limit, ammount: 1 },
          { ...limit, period: "month", burst: 5 },
          { ...limit, period: "hour", graceSeconds: 60, graceFraction: 0.1 },
          { ...limit, period: "lifetime", onUnpriced: "deny" },
        ],
      },
      fractional: {
        limits: [
          { ...limit, amount: 0.5 },
          { resource: "tokens", period: "month" },
        ],
      },
    },
  });
  expect(result.ok).toBe(false);
  expect(!result.ok && result.problems.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      "plans.good.limits[1]",
      "plans.bad.limits[0].amount",
      "plans.bad.limits[1].period",
      "plans.bad.limits[2].resource",
      "plans.bad.limits[3].warnAt",
      "plans.bad.limits[4].ammount",
      "plans.fractional.limits[0].amount",
      "plans.fractional.limits[1].amount",
    ]),
  );
  for (const plans of [{}, { none: { limits: [] } }, { "Bad Name": { limits: [] } }, []]) {
    expect(validateCatalogue({ plans }).ok).toBe(false);
  }
});

test("a file that is missing or is not JSON is a problem, not a crash", async () => {
  expect(await loadCatalogue("/nowhere/plans.json")).toMatchObject({ ok: false, problems: [{ path: "" }] });
  expect(await loadCatalogue(import.meta.filename)).toMatchObject({ ok: false, problems: [{ path: "" }] });
});
