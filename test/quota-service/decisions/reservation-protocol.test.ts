import fc from "fast-check";
import { randomBytes } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { createDecisionEngine } from "../../../quota-service/decisions/engine.ts";
import { createPool } from "#database/pool";
import { expireDueReservations } from "#database/reservations/expire-due";
import { createTestDatabase } from "../../database/test-database.ts";
import { driftFromHolds, driftFromLedger } from "../../database/record/usage-oracle.ts";
import { tokensEvent } from "./tokens-event.ts";
import { ReservationModel } from "./reservation-model.ts";

const LIMIT = 1_000;
const CALLER = { keyId: "service" };
const PRODUCER = { keyId: "ingest", tenants: null };
const quiet = { warn: () => {}, error: () => {} };

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
const pool = createPool({ connectionString: database.writerUrl, applicationName: "services" });
afterAll(() => Promise.all([admin.end(), pool.end()]));
await admin.query("insert into quotel.plans (plan_id, version) values ('test', 1)");
await admin.query(
  "insert into quotel.plan_limits (plan_id, version, resource, period, amount) values ('test', 1, 'tokens', 'day', $1), ('test', 1, 'tokens', 'month', $1)",
  [LIMIT],
);
const engine = createDecisionEngine({ pool, defaultPlan: "test", log: quiet });
const recorder = createRecorder({ pool, defaultPlan: "test", log: quiet });
afterAll(() => Promise.all([engine.drain(), recorder.close()]));

const IDS = [1, 2, 3, 4].map((n) => `0198a000-0000-7000-8000-00000000000${n}`);
const id = fc.constantFrom(...IDS);
const amount = fc.integer({ min: 0, max: 600 });
const step = fc.oneof(
  fc.record({ do: fc.constant("reserve" as const), id, amount, atLeast: fc.option(amount, { nil: null }) }),
  fc.record({
    do: fc.constant("span" as const),
    id: fc.option(id, { nil: null }),
    amount,
    n: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({
    do: fc.constant("close" as const),
    id,
    amount,
    settle: fc.constantFrom("spans" as const, "now" as const),
  }),
  fc.record({ do: fc.constant("extend" as const), id, amount }),
  fc.record({ do: fc.constant("release" as const), id }),
  fc.record({ do: fc.constant("runOut" as const), id }),
  fc.record({ do: fc.constant("sweep" as const) }),
  fc.record({ do: fc.constant("limit" as const), amount: fc.integer({ min: 200, max: 1_500 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

type Answers = { readonly actual: unknown; readonly expected: unknown };
const SAME: Answers = { actual: null, expected: null };

/** Plays one step on the real thing and on the model, and gives both answers. */
async function play(it: Step, tenantId: string, model: ReservationModel, spans: Map<string, number>): Promise<Answers> {
  switch (it.do) {
    case "reserve":
      return playReserve(it, tenantId, model);
    case "span": {
      // The same span number is the same span: its amount and reservation are those of its first delivery.
      const key = `${it.n} ${it.id}`;
      const first = spans.get(key) ?? it.amount;
      spans.set(key, first);
      await recorder.record([tokensEvent(tenantId, key, first, it.id)], PRODUCER);
      model.span(key, it.id, first);
      return SAME;
    }
    case "close": {
      const before = model.reservations.get(it.id)?.settled ?? 0;
      const request = { tenantId, reservationId: it.id, items: [{ resource: "tokens", amount: it.amount }] };
      const outcome = await engine.close({ ...request, settle: it.settle }, CALLER);
      const expected = model.close(it.id, it.amount);
      if (expected === "changed" && it.settle === "now") {
        model.span(`now ${it.id} ${before}`, it.id, Math.max(0, it.amount - before));
      }
      return { actual: outcome.kind, expected };
    }
    case "extend": {
      const request = { tenantId, reservationId: it.id, items: [{ resource: "tokens", amount: it.amount }] };
      const outcome = await engine.extend({ ...request, ttlSeconds: null }, CALLER);
      return { actual: outcome.kind, expected: model.extend(it.id, it.amount) };
    }
    case "release": {
      const outcome = await engine.release({ tenantId, reservationId: it.id }, CALLER);
      model.release(it.id);
      return { actual: outcome.kind, expected: "released" };
    }
    case "runOut":
      if (model.runOut(it.id)) {
        await admin.query(
          "update quotel.reservations set expires_at = now() - interval '1 second' where tenant_id = $1 and reservation_id = $2",
          [tenantId, it.id],
        );
      }
      return SAME;
    case "sweep":
      await expireDueReservations(pool);
      model.sweep();
      break;
    case "limit":
      model.limit = it.amount;
      await setLimit(it.amount);
  }
  return SAME;
}

async function playReserve(
  it: Extract<Step, { do: "reserve" }>,
  tenantId: string,
  model: ReservationModel,
): Promise<Answers> {
  const atLeast = Math.min(it.atLeast ?? it.amount, it.amount);
  const outcome = await engine.reserve(
    {
      tenantId,
      reservationId: it.id,
      items: [{ resource: "tokens", amount: it.amount, atLeast }],
      ttlSeconds: 300,
      requestHash: Buffer.from(`${it.amount} ${atLeast}`).toString("hex"),
    },
    CALLER,
  );
  const granted = outcome.kind === "reserved" ? outcome.decision.items[0]!.granted : 0;
  return { actual: { kind: outcome.kind, granted }, expected: model.reserve(it.id, it.amount, atLeast) };
}

/** A changed limit is a new version of the plan; the usage stays. */
async function setLimit(limit: number): Promise<void> {
  await admin.query(
    `with v as (
       insert into quotel.plans (plan_id, version)
       select 'test', max(version) + 1 from quotel.plans where plan_id = 'test' returning version)
     insert into quotel.plan_limits (plan_id, version, resource, period, amount)
     select 'test', version, 'tokens', period, $1 from v, (values ('day'), ('month')) as p (period)`,
    [limit],
  );
}

test("I8, I9, I10: any sequence of reserve, span, repeated span, close, extend, release, expiry and limit change answers and sums like the sequential model", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const tenantId = `t${randomBytes(6).toString("hex")}`;
      const model = new ReservationModel(LIMIT);
      await admin.query("insert into quotel.tenants (tenant_id, plan_id) values ($1, 'test')", [tenantId]);
      await setLimit(LIMIT);
      const spans = new Map<string, number>();
      for (const it of steps) {
        const { actual, expected } = await play(it, tenantId, model, spans);
        expect(actual).toEqual(expected);
        const outcome = await engine.check({ tenantId, items: [{ resource: "tokens", amount: 0 }] }, CALLER);
        if (outcome.kind !== "decided") throw new Error(`unexpected ${outcome.kind}`);
        for (const { used, reserved, limit } of outcome.decision.items) {
          expect({ used, reserved, limit }).toEqual({ used: model.used, reserved: model.reserved, limit: model.limit });
        }
      }
      expect(await driftFromHolds(admin)).toEqual([]);
    }),
    { numRuns: Number(process.env["QUOTEL_TEST_RUNS"] ?? 200) },
  );
  expect(await driftFromLedger(admin)).toEqual([]);
}, 120_000);
