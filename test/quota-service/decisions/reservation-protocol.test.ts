import fc from "fast-check";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { expireDueReservations } from "#database/reservations/expire-due";
import { driftFromHolds, driftFromLedger } from "../../database/record/usage-oracle.ts";
import { tokensEvent } from "./tokens-event.ts";
import { LimitSteps, limitStep } from "./limit-steps.ts";
import { ReservationModel } from "./reservation-model.ts";
import { CALLER, PRODUCER, startDecidingAndRecording } from "./deciding-and-recording.ts";

const { admin, pool, engine, recorder } = await startDecidingAndRecording();

const IDS = [1, 2, 3, 4].map((n) => `0198a000-0000-7000-8000-00000000000${n}`);
const id = fc.constantFrom(...IDS);
const amount = fc.integer({ min: 0, max: 600 });
const step = fc.oneof(
  fc.record({
    do: fc.constant("reserve" as const),
    id,
    amount,
    atLeast: fc.option(amount, { nil: null }),
    keep: fc.boolean(),
  }),
  fc.record({ do: fc.constant("lease" as const), id, amount: fc.integer({ min: 1, max: 600 }) }),
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
  fc.record({ do: fc.constant("limits" as const), step: limitStep }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

type Answers = { readonly actual: unknown; readonly expected: unknown };
const SAME: Answers = { actual: null, expected: null };

/** Plays one step on the real thing and on the model, and gives both answers. */
async function play(
  it: Step,
  tenantId: string,
  { model, limits, spans }: { model: ReservationModel; limits: LimitSteps; spans: Map<string, number> },
): Promise<Answers> {
  switch (it.do) {
    case "reserve":
      return playReserve(it, tenantId, model);
    case "lease":
      return playLease(it, tenantId, model);
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
      return SAME;
    case "limits":
      await limits.play(it.step);
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
      onExpiry: it.keep ? "keep" : "release",
      requestHash: Buffer.from(`${it.amount} ${atLeast} ${it.keep}`).toString("hex"),
    },
    CALLER,
  );
  const granted = outcome.kind === "reserved" ? outcome.decision.items[0]!.granted : 0;
  return { actual: { kind: outcome.kind, granted }, expected: model.reserve(it.id, it.amount, atLeast, it.keep) };
}

async function playLease(
  it: Extract<Step, { do: "lease" }>,
  tenantId: string,
  model: ReservationModel,
): Promise<Answers> {
  const items = [{ resource: "tokens", amount: it.amount }];
  const requestHash = Buffer.from(`lease ${it.amount}`).toString("hex");
  const outcome = await engine.lease({ tenantId, reservationId: it.id, items, requestHash }, CALLER);
  const granted = outcome.kind === "reserved" ? outcome.decision.items[0]!.granted : 0;
  return { actual: { kind: outcome.kind, granted }, expected: model.lease(it.id, it.amount) };
}

/** How the limits on tokens stand, as a check that asks for nothing shows it, and as the model has it. */
async function standings(tenantId: string, model: ReservationModel): Promise<Answers> {
  const outcome = await engine.check({ tenantId, items: [{ resource: "tokens", amount: 0 }] }, CALLER);
  if (outcome.kind !== "decided") throw new Error(`unexpected ${outcome.kind}`);
  return {
    actual: outcome.decision.items.map(({ period, used, reserved, limit, state, enforcement }) => {
      return { period, used, reserved, limit, state, enforcement };
    }),
    expected: model.limits.map((limit) => ({
      period: limit.period,
      used: model.used(limit.period),
      reserved: model.reserved(limit.period),
      limit: limit.amount,
      state: model.state(limit),
      enforcement: limit.enforcement,
    })),
  };
}

test("I8, I9, I10: any sequence of reserve, lease, span, repeated span, close, extend, release, expiry and change of plan, limit, override, grace, rate window, zone and period answers and sums like the sequential model", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40, size: "max" }), async (steps) => {
      const tenantId = `t${randomBytes(6).toString("hex")}`;
      const model = new ReservationModel([]);
      const limits = new LimitSteps(admin, tenantId, model);
      await limits.begin();
      const spans = new Map<string, number>();
      for (const it of steps) {
        const { actual, expected } = await play(it, tenantId, { model, limits, spans });
        expect(actual).toEqual(expected);
        const now = await standings(tenantId, model);
        expect(now.actual).toEqual(now.expected);
      }
      expect(await driftFromHolds(admin)).toEqual([]);
    }),
    { numRuns: Number(process.env["QUOTEL_TEST_RUNS"] ?? 100) },
  );
  expect(await driftFromLedger(admin)).toEqual([]);
}, 240_000);
