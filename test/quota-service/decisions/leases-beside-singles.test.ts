import fc from "fast-check";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { expireDueReservations } from "#database/reservations/expire-due";
import { driftFromHolds } from "../../database/record/usage-oracle.ts";
import { tokensEvent } from "./tokens-event.ts";
import { CALLER, startDecidingAndRecording } from "./deciding-and-recording.ts";

const LIMIT = 1_000;
const { admin, pool, engine, recorder } = await startDecidingAndRecording("test");
await admin.query("insert into quotel.plans (plan_id, version) values ('test', 1)");
await admin.query(
  "insert into quotel.plan_limits (plan_id, version, resource, period, amount) values ('test', 1, 'tokens', 'day', $1)",
  [LIMIT],
);

type Phase = "open" | "kept" | "closed" | "freed";

/** One hold: what was granted, what spans have brought, what it was closed at. */
interface Hold {
  readonly granted: number;
  readonly isLease: boolean;
  phase: Phase;
  settled: number;
  closedAt: number;
}

/** Leases and single reservations as plain sums over a list. */
class Model {
  used = 0;
  readonly holds = new Map<string, Hold>();

  get remaining(): number {
    return LIMIT - this.used - [...this.holds.values()].reduce((sum, it) => sum + heldBy(it), 0);
  }

  lease(id: string, wanted: number): number {
    const most = Math.min(Math.floor(this.remaining / 10), this.remaining - LIMIT / 5);
    return this.#admit(id, most < 1 ? 0 : Math.min(wanted, most), true);
  }

  reserve(id: string, amount: number): number {
    return this.#admit(id, amount <= this.remaining ? amount : 0, false);
  }

  #admit(id: string, granted: number, isLease: boolean): number {
    if (granted > 0) this.holds.set(id, { granted, isLease, phase: "open", settled: 0, closedAt: 0 });
    return granted;
  }
}

function heldBy({ phase, granted, settled, closedAt }: Hold): number {
  if (phase === "freed") return 0;
  return Math.max(0, (phase === "closed" ? closedAt : granted) - settled);
}

const which = fc.nat(50);
/** Of what was granted: no client spends more. */
const share = fc.double({ min: 0, max: 1, noNaN: true });
const step = fc.oneof(
  fc.record({ do: fc.constant("lease" as const), amount: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ do: fc.constant("reserve" as const), amount: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ do: fc.constant("span" as const), which, share }),
  fc.record({ do: fc.constant("close" as const), which, share }),
  fc.record({ do: fc.constant("runOut" as const), which, swept: fc.boolean() }),
);

type Answers = { readonly actual: unknown; readonly expected: unknown };
const SAME: Answers = { actual: null, expected: null };

class Play {
  readonly tenantId = `t${randomBytes(6).toString("hex")}`;
  readonly model = new Model();
  #count = 0;

  /** What was granted, by the engine and by the model; 0 = nothing. */
  async ask(kind: "lease" | "reserve", amount: number): Promise<Answers> {
    const reservationId = `0198a000-0000-7000-8000-${String(++this.#count).padStart(12, "0")}`;
    const items = [{ resource: "tokens", amount }];
    const request = { tenantId: this.tenantId, reservationId, items, requestHash: "ab" };
    const outcome =
      kind === "lease"
        ? await engine.lease(request, CALLER)
        : await engine.reserve({ ...request, ttlSeconds: 300 }, CALLER);
    const actual = outcome.kind === "reserved" ? outcome.decision.items[0]!.granted : 0;
    return { actual, expected: this.model[kind](reservationId, amount) };
  }

  /** Usage under a hold, of what it has left. */
  async span(id: string, hold: Hold, share: number): Promise<void> {
    const amount = Math.floor((hold.granted - hold.settled) * share);
    await recorder.record([tokensEvent(this.tenantId, `${++this.#count}`, amount, id)], {
      keyId: "ingest",
      tenants: null,
    });
    this.model.used += amount;
    hold.settled += amount;
  }

  async close(id: string, hold: Hold, amount: number): Promise<Answers> {
    const items = [{ resource: "tokens", amount }];
    const request = { tenantId: this.tenantId, reservationId: id, items, settle: "spans" } as const;
    const outcome = await engine.close(request, CALLER);
    hold.phase = "closed";
    hold.closedAt = amount;
    return { actual: outcome.kind, expected: "changed" };
  }

  async runOut(id: string, hold: Hold, swept: boolean): Promise<void> {
    await admin.query(
      "update quotel.reservations set expires_at = now() - interval '1 second' where tenant_id = $1 and reservation_id = $2",
      [this.tenantId, id],
    );
    if (swept) await expireDueReservations(pool);
    hold.phase = hold.isLease ? "kept" : "freed";
  }
}

/** Takes one step on the real thing and on the model, and gives both answers. */
async function take(it: typeof step extends fc.Arbitrary<infer T> ? T : never, play: Play): Promise<Answers> {
  if (it.do === "lease" || it.do === "reserve") return play.ask(it.do, it.amount);
  const phases: readonly Phase[] = it.do === "runOut" ? ["open"] : ["open", "kept"];
  const holds = [...play.model.holds].filter(([, { phase }]) => phases.includes(phase));
  const found = holds[it.which % holds.length];
  if (found === undefined) return SAME;
  const [id, hold] = found;
  // The truth is never less than what spans have told already.
  if (it.do === "close") {
    return play.close(id, hold, hold.settled + Math.floor((hold.granted - hold.settled) * it.share));
  }
  if (it.do === "span") await play.span(id, hold, it.share);
  else await play.runOut(id, hold, it.swept);
  return SAME;
}

test("leases and single reservations together never pass a limit, and once leases are given back everything that fits is admitted", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30, size: "max" }), async (steps) => {
      const play = new Play();
      await admin.query("insert into quotel.tenants (tenant_id, plan_id) values ($1, 'test')", [play.tenantId]);
      for (const it of steps) {
        const { actual, expected } = await take(it, play);
        expect(actual).toEqual(expected);
        expect(play.model.remaining).toBeGreaterThanOrEqual(0);
      }
      for (const [id, hold] of play.model.holds) {
        if (hold.phase === "open" || hold.phase === "kept") await play.close(id, hold, hold.settled);
      }
      const { remaining } = play.model;
      expect(await play.ask("reserve", remaining + 1)).toEqual({ actual: 0, expected: 0 });
      expect(await play.ask("reserve", remaining)).toEqual({ actual: remaining, expected: remaining });
      expect(await driftFromHolds(admin)).toEqual([]);
    }),
    { numRuns: Number(process.env["QUOTEL_TEST_RUNS"] ?? 40) },
  );
}, 120_000);
