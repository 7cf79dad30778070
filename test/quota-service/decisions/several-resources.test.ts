import fc from "fast-check";
import { randomBytes, randomUUIDv7 } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { expireDueReservations } from "#database/reservations/expire-due";
import { driftFromHolds } from "../../database/record/usage-oracle.ts";
import { LEVEL, ResourcesModel } from "./resources-model.ts";
import { sampleLevel } from "./sample-level.ts";
import { tokensEvent } from "./tokens-event.ts";
import { CALLER, PRODUCER, startDecidingAndRecording } from "./deciding-and-recording.ts";

const { admin, pool, engine, recorder } = await startDecidingAndRecording();

/** Two that share a row of totals, one with a row of its own, and a level. */
const RESOURCES = ["tokens", "chat_messages", "pages", LEVEL];
const limits = fc.tuple(...RESOURCES.map(() => fc.option(fc.integer({ min: 0, max: 90 }), { nil: null, freq: 6 })));

const id = fc.constantFrom(...[1, 2, 3, 4, 5, 6].map((n) => `0198a000-0000-7000-8000-00000000000${n}`));
const amount = fc.integer({ min: 0, max: 40 });
/** Of one to all resources. */
const amounts = fc.uniqueArray(fc.record({ resource: fc.constantFrom(...RESOURCES), amount }), {
  selector: ({ resource }) => resource,
  minLength: 1,
  maxLength: RESOURCES.length,
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("reserve" as const), id, items: amounts, atLeast: amount }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("span" as const), id: fc.option(id, { nil: null, freq: 8 }), amount }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("close" as const), id, items: amounts }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("sample" as const), amount }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Answers {
  readonly actual: unknown;
  readonly expected: unknown;
}
const SAME: Answers = { actual: null, expected: null };

/** Plays one step on the real thing and on the model, and gives both answers. */
async function play(it: Step, tenantId: string, model: ResourcesModel): Promise<Answers> {
  switch (it.do) {
    case "reserve":
      return playReserve(it, tenantId, model);
    case "span":
      // A chat event is one message, too.
      await recorder.record([tokensEvent(tenantId, randomUUIDv7(), it.amount, it.id)], PRODUCER);
      model.use(it.id, [
        { resource: "tokens", amount: it.amount },
        { resource: "chat_messages", amount: 1 },
      ]);
      return SAME;
    case "close": {
      const { kind } = await engine.close({ tenantId, reservationId: it.id, items: it.items, settle: "spans" }, CALLER);
      return { actual: kind, expected: model.close(it.id, it.items) ? "changed" : "ended" };
    }
    case "release":
      model.release(it.id);
      return {
        actual: await engine.release({ tenantId, reservationId: it.id }, CALLER),
        expected: { kind: "released" },
      };
    case "expire":
      model.expire(it.id);
      await admin.query(
        `update quotel.reservations set expires_at = now() - interval '1 second'
         where tenant_id = $1 and reservation_id = $2 and expires_at is not null`,
        [tenantId, it.id],
      );
      await expireDueReservations(pool);
      return SAME;
    case "sample":
      model.sample(it.amount);
      await sample(tenantId, it.amount);
  }
  return SAME;
}

async function playReserve(
  it: Extract<Step, { do: "reserve" }>,
  tenantId: string,
  model: ResourcesModel,
): Promise<Answers> {
  const items = it.items.map((item) => ({ ...item, atLeast: Math.min(it.atLeast, item.amount) }));
  const requestHash = Buffer.from(JSON.stringify(items)).toString("hex");
  const outcome = await engine.reserve({ tenantId, reservationId: it.id, items, ttlSeconds: 300, requestHash }, CALLER);
  const expected = model.reserve(it.id, items);
  if (outcome.kind !== "reserved") return { actual: { kind: outcome.kind }, expected };
  return { actual: { kind: outcome.kind, granted: outcome.decision.items.map(({ granted }) => granted) }, expected };
}

/** Strictly after what has happened and before what comes: samples have milliseconds. */
async function sample(tenantId: string, value: number): Promise<void> {
  await sleep(2);
  await sampleLevel(pool, tenantId, LEVEL, value);
  await sleep(2);
}

/** What is used and held of each resource, by a check that asks for nothing. */
async function standings(tenantId: string): Promise<unknown[]> {
  const items = RESOURCES.map((resource) => ({ resource, amount: 0 }));
  const outcome = await engine.check({ tenantId, items }, CALLER);
  if (outcome.kind !== "decided") throw new Error(`unexpected ${outcome.kind}`);
  return outcome.decision.items.map(({ resource, used, reserved }) => ({ resource, used, reserved }));
}

async function subscribe(tenantId: string, most: ReadonlyMap<string, number | null>): Promise<void> {
  await admin.query("insert into quotel.plans (plan_id, version) values ($1, 1)", [tenantId]);
  await admin.query(
    `insert into quotel.plan_limits (plan_id, version, resource, period, amount)
     select $1, 1, resource, case resource when $2 then 'level' else 'day' end, amount
     from unnest($3::text[], $4::bigint[]) as l (resource, amount)`,
    [tenantId, LEVEL, [...most.keys()], [...most.values()]],
  );
  await admin.query("insert into quotel.tenants (tenant_id, plan_id) values ($1, $1)", [tenantId]);
}

test("I8, I10: reservations of several resources, a level among them, are admitted whole or not at all, whatever spans, closes, releases, expiries and samples come between", async () => {
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { minLength: 1, maxLength: 25, size: "max" }), async (most, steps) => {
      const tenantId = `t${randomBytes(6).toString("hex")}`;
      const limitOf = new Map(RESOURCES.map((resource, n) => [resource, most[n] ?? null]));
      await subscribe(tenantId, limitOf);
      const model = new ResourcesModel(limitOf);
      for (const it of steps) {
        const { actual, expected } = await play(it, tenantId, model);
        expect(actual).toEqual(expected);
        expect(await standings(tenantId)).toEqual(
          RESOURCES.map((resource) => ({ resource, used: model.used(resource), reserved: model.reserved(resource) })),
        );
      }
      expect(await driftFromHolds(admin)).toEqual([]);
    }),
    { numRuns: Number(process.env["QUOTEL_TEST_RUNS"] ?? 60) },
  );
}, 120_000);
