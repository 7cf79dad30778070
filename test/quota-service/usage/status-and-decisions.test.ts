import fc from "fast-check";
import { randomBytes, randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { limitsOnWire } from "../../../quota-service/usage/limits.ts";
import { readQuotaStatus } from "../../../quota-service/usage/read-quota-status.ts";
import { readTenant } from "../../../quota-service/usage/read-tenant.ts";
import { createPool } from "#database/pool";
import { sampleLevel } from "../decisions/sample-level.ts";
import { tokensEvent } from "../decisions/tokens-event.ts";
import { CALLER, PRODUCER, startDecidingAndRecording } from "../decisions/deciding-and-recording.ts";

const { database, admin, pool, engine, recorder } = await startDecidingAndRecording();
const reader = createPool({ connectionString: database.readerUrl, applicationName: "dashboards" });
afterAll(() => reader.end());

const thousandths = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min, max }).map((part) => part / 1_000);
const definition = {
  amount: fc.option(fc.integer({ min: 0, max: 100 }), { nil: null, freq: 8 }),
  enforcement: fc.constantFrom("hard", "hard", "hard", "soft", "shadow"),
  warnAt: fc.oneof(fc.constant(0.8), thousandths(1, 1_000)),
  isOverride: fc.boolean(),
};
const grace = {
  graceFraction: fc.oneof(fc.constant(0), thousandths(0, 500)),
  graceSeconds: fc.constantFrom(0, 3_600),
  burst: fc.constant(0),
};
const limit = fc.oneof(
  { weight: 3, arbitrary: fc.record({ period: fc.constantFrom("day", "month", "lifetime"), ...definition, ...grace }) },
  { weight: 1, arbitrary: fc.record({ period: fc.constant("level"), ...definition, ...grace }) },
  {
    weight: 1,
    arbitrary: fc.record({
      period: fc.constantFrom("minute", "hour"),
      ...definition,
      graceFraction: fc.constant(0),
      graceSeconds: fc.constant(0),
      burst: fc.integer({ min: 0, max: 20 }),
    }),
  },
);
type Limit = typeof limit extends fc.Arbitrary<infer T> ? T : never;

const amount = fc.integer({ min: 0, max: 80 });
const step = fc.oneof(
  fc.record({ do: fc.constant("use" as const), amount }),
  fc.record({ do: fc.constant("reserve" as const), amount, close: fc.option(amount, { nil: null }) }),
  fc.record({ do: fc.constant("sample" as const), amount }),
  fc.record({ do: fc.constant("endGrace" as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A level limit is on members, every other one on tokens. */
async function subscribe(tenantId: string, limits: readonly Limit[], planSource: string): Promise<void> {
  await admin.query("insert into quotel.plans (plan_id, version) values ($1, 1)", [tenantId]);
  for (const it of limits) {
    await admin.query(
      `with limits as (
         select case when $2 = 'level' then 'members' else 'tokens' end as resource, $2::text as period, $3::bigint as amount,
           $4::text as enforcement, $5::numeric as warn_at, $6::numeric as grace_fraction, $7::integer as grace_seconds,
           $8::bigint as burst
       ), overriding as (
         insert into quotel.limit_overrides (resource, period, amount, enforcement, warn_at, grace_fraction,
           grace_seconds, burst, tenant_id, override_id, reason, actor)
         select *, $1, gen_random_uuid(), 'test', 'test' from limits where $9
       )
       insert into quotel.plan_limits (resource, period, amount, enforcement, warn_at, grace_fraction, grace_seconds, burst,
         plan_id, version)
       select *, $1, 1 from limits where not $9`,
      [
        tenantId,
        it.period,
        it.amount,
        it.enforcement,
        it.warnAt,
        it.graceFraction,
        it.graceSeconds,
        it.burst,
        it.isOverride,
      ],
    );
  }
  await admin.query("insert into quotel.tenants (tenant_id, plan_id, plan_source) values ($1, $1, $2)", [
    tenantId,
    planSource,
  ]);
}

async function take(tenantId: string, it: Step): Promise<void> {
  switch (it.do) {
    case "use":
      await recorder.record([tokensEvent(tenantId, randomUUIDv7(), it.amount, null)], PRODUCER);
      return;
    case "reserve":
      return reserveAndClose(tenantId, it);
    case "sample":
      return sampleLevel(pool, tenantId, "members", it.amount);
    case "endGrace":
      await admin.query(
        "update quotel.quota_crossings set crossed_at = crossed_at - interval '1 hour' where tenant_id = $1",
        [tenantId],
      );
  }
}

async function reserveAndClose(tenantId: string, it: Extract<Step, { do: "reserve" }>): Promise<void> {
  const named = { tenantId, reservationId: randomUUIDv7() };
  const items = ["tokens", "members"].map((resource) => ({ resource, amount: it.amount, atLeast: 0 }));
  await engine.reserve({ ...named, items, ttlSeconds: 300, requestHash: "00" }, CALLER);
  if (it.close === null) return;
  const closed = ["tokens", "members"].map((resource) => ({ resource, amount: it.close! }));
  await engine.close({ ...named, items: closed, settle: "spans" }, CALLER);
}

async function decide(tenantId: string, tokens: number) {
  const items = [
    { resource: "members", amount: 0 },
    { resource: "tokens", amount: tokens },
  ];
  const [all, ofTokens] = await engine.checkBatch([
    { tenantId, items },
    { tenantId, items: items.slice(1) },
  ]);
  if (all?.kind !== "decided" || ofTokens?.kind !== "decided") throw new Error("the tenant is not known");
  return { all: all.decision, ofTokens: ofTokens.decision };
}

async function remainingOf(tenantId: string): Promise<unknown[]> {
  const { rows } = await reader.query<{ remaining: number | null }>(
    "select remaining from quota_status where tenant_id = $1 order by resource, period",
    [tenantId],
  );
  return rows.map(({ remaining }) => remaining);
}

test("quota_status, the status endpoint's limits and check_tenant_quota say what a decision of that moment says, for any limits, usage, holds, levels and rates, in grace and after it", async () => {
  const planSources = fc.constantFrom("assigned", "default");
  const limits = fc.uniqueArray(limit, { selector: ({ period }) => period, minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      limits,
      planSources,
      fc.array(step, { maxLength: 8 }),
      amount,
      async (made, planSource, steps, tokens) => {
        const tenantId = `t${randomBytes(6).toString("hex")}`;
        await subscribe(tenantId, made, planSource);
        for (const it of steps) await take(tenantId, it);
        const { all, ofTokens } = await decide(tenantId, tokens);
        const decided = all.items.filter(({ period }) => period !== null);
        const shown = limitsOnWire(await readQuotaStatus(pool, tenantId), await readTenant(pool, tenantId));
        expect(shown).toEqual(
          decided.map(
            ({ resource, period, limit: most, used, reserved, percentUsed, resetsAt, state, enforcement, source }) => {
              const standing = { resourceType: resource, period, limit: most, percentage: percentUsed, resetsAt };
              return { ...standing, used, reserved, state, enforcement, source };
            },
          ),
        );
        expect(await remainingOf(tenantId)).toEqual(decided.map(({ remaining }) => remaining));
        const { rows } = await reader.query("select allowed, reason from check_tenant_quota($1, $2)", [
          tenantId,
          tokens,
        ]);
        expect(rows).toEqual([{ allowed: ofTokens.allowed, reason: ofTokens.reason }]);
      },
    ),
    { numRuns: Number(process.env["QUOTEL_TEST_RUNS"] ?? 100) },
  );
}, 120_000);
