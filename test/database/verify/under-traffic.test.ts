import fc from "fast-check";
import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { createDecisionEngine } from "../../../quota-service/decisions/engine.ts";
import { createPool } from "#database/pool";
import { expireDueReservations } from "#database/reservations/expire-due";
import { foldRollups } from "#database/rollups/fold";
import { verifyInvariants } from "#database/verify/verify";
import { arbitraryEvent } from "../record/arbitrary-event.ts";
import { createTestDatabase } from "../test-database.ts";

const PRODUCER = { keyId: "test", tenants: null };
const CALLER = { keyId: "service" };
const quiet = { warn: () => {}, error: () => {} };

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
const pools = [1, 2].map((n) => createPool({ connectionString: database.writerUrl, applicationName: `services-${n}` }));
afterAll(() => Promise.all([admin, ...pools].map((pool) => pool.end())));
await admin.query("insert into quotel.plans (plan_id, version) values ('test', 1)");
const recorders = pools.map((pool) => createRecorder({ pool, defaultPlan: "test", log: quiet }));
const engine = createDecisionEngine({ pool: pools[0]!, defaultPlan: "test", log: quiet });
afterAll(() => Promise.all([engine.drain(), ...recorders.map((recorder) => recorder.close())]));

async function holdAndClose(): Promise<void> {
  const request = { tenantId: "acme", reservationId: randomUUIDv7(), items: [{ resource: "tokens", amount: 500 }] };
  await engine.reserve({ ...request, ttlSeconds: 60, requestHash: "00".repeat(32) }, CALLER);
  await engine.close({ ...request, settle: "spans" }, CALLER);
  await expireDueReservations(pools[1]!);
}

test("I2, I3, I10: with two collectors recording, decisions holding and folding going on, no verifier ever sees a violation", async () => {
  const traffic = fc.array(arbitraryEvent(Date.now() * 1000), { minLength: 20, maxLength: 200 });
  let verified = 0;
  await fc.assert(
    fc.asyncProperty(traffic, fc.integer({ min: 1, max: 30 }), async (events, size) => {
      const over = new AbortController();
      const again = async (work: () => Promise<unknown>): Promise<void> => {
        while (!over.signal.aborted) await work();
      };
      const verify = async (): Promise<void> => {
        const pass = await verifyInvariants(pools[1]!);
        if (pass === null) return;
        expect(pass.findings).toEqual([]);
        verified += pass.days;
      };
      const watching = Promise.all([
        again(verify),
        again(verify),
        again(() => foldRollups(pools[0]!)),
        again(holdAndClose),
      ]);
      const sent: Promise<unknown>[] = [];
      for (let i = 0; i < events.length; i += size) {
        sent.push(recorders[i % 2]!.record(events.slice(i, i + size), PRODUCER));
      }
      await Promise.all(sent).finally(() => over.abort());
      await watching;
      await foldRollups(pools[0]!);
      await verify();
    }),
    { numRuns: 15 },
  );
  const { rows } = await admin.query<{ left: number }>(
    "select count(*) as left from quotel.accounted_days where changed_at is not null",
  );
  expect(rows).toEqual([{ left: 0 }]);
  expect(verified).toBeGreaterThan(15);
});
