import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { resolveClaims } from "#database/attribution/resolve-claims";
import { createPool } from "#database/pool";
import { recordEvents } from "#database/record/record-events";
import type { UsageEvent } from "#database/record/usage-event";
import { inTransaction } from "#database/transaction";
import { Attribution } from "../../../collector/record/attribution.ts";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { arbitraryEvent } from "../../database/record/arbitrary-event.ts";
import { driftFromLedger } from "../../database/record/usage-oracle.ts";
import { createTestDatabase } from "../../database/test-database.ts";

const PRODUCER = { keyId: "test", tenants: null };
const quiet = { warn: () => {}, error: () => {} };

const database = await createTestDatabase();
afterAll(database.drop);
const owner = createPool({ connectionString: database.ownerUrl, applicationName: "owner" });
afterAll(() => owner.end());
const writers = [0, 1].map((n) => createPool({ connectionString: database.writerUrl, applicationName: `c${n}` }));
afterAll(() => Promise.all(writers.map((pool) => pool.end())));
const recorders = writers.map((pool) => createRecorder({ pool, defaultPlan: null, log: quiet }));
afterAll(() => Promise.all(recorders.map((recorder) => recorder.close())));

function eventsOf(tenantId: string, count: number): UsageEvent[] {
  return fc
    .sample(arbitraryEvent(Date.now() * 1000), count)
    .map((event, index) => ({ ...event, tenantId, traceId: (index + 1).toString(16).padStart(32, "0") }));
}

test("an event that arrives twice while its tenant is being registered counts once, whoever sees the tenant first", async () => {
  for (let round = 0; round < 20; round++) {
    const tenantId = `new-${round}`;
    const events = eventsOf(tenantId, 10);
    // Everything at once, and the registration somewhere in between.
    await Promise.all([
      recorders[0]!.record(events, PRODUCER),
      recorders[1]!.record(events, PRODUCER),
      owner.query("insert into quotel.tenants (tenant_id, plan_id) values ($1, 'trial')", [tenantId]),
      recorders[1]!.record(events, PRODUCER),
      recorders[0]!.record(events, PRODUCER),
    ]);
    const { rows } = await owner.query<{ events: number }>(
      `select count(*)::int as events from quotel.usage_events
      where tenant_id = $1 or (tenant_id = 'unattributed' and detail ->> 'claimed_tenant' = $1)`,
      [tenantId],
    );
    expect(rows[0]!.events).toBe(events.length);
  }
  expect(await driftFromLedger(owner)).toEqual([]);
});

test("a tenant's event waits for its twin that is being recorded for nobody, and does not count again", async () => {
  const [event] = eventsOf("raced", 1) as [UsageEvent];
  const pending = new Attribution(writers[0]!, null);
  const [attributed] = await pending.attribute([event], "test");
  const client = await writers[0]!.connect();
  await client.query("begin");
  const received = { ...attributed!, producerId: "test", receivedAtMicros: Date.now() * 1000 };
  await recordEvents(client, (await resolveClaims(client, [received])).events);
  await owner.query("insert into quotel.tenants (tenant_id, plan_id) values ('raced', 'trial')");
  const second = recorders[1]!.record([event], PRODUCER);
  expect(await Promise.race([second, sleep(200).then(() => "waits")])).toBe("waits");
  await client.query("commit");
  client.release();
  expect(await second).toEqual({ kind: "committed" });
  const { rows } = await owner.query("select tenant_id from quotel.usage_events where trace_id = $1", [event.traceId]);
  expect(rows.filter((row: { tenant_id: string }) => row.tenant_id === "raced")).toEqual([]);
});

test("an event that was taken for nobody's counts for its tenant where that is registered before it is recorded", async () => {
  const [event] = eventsOf("timely", 1) as [UsageEvent];
  const [attributed] = await new Attribution(writers[0]!, null).attribute([event], "test");
  expect(attributed!.event.tenantId).toBe("unattributed");
  await owner.query("insert into quotel.tenants (tenant_id, plan_id) values ('timely', 'trial')");
  const received = { ...attributed!, producerId: "test", receivedAtMicros: Date.now() * 1000 };
  const resolved = await inTransaction(writers[0]!, (client) => resolveClaims(client, [received]));
  expect(resolved.events.map((it) => it.event)).toEqual([event]);
});

test("an event of a name that no tenant has keeps the name it gave", async () => {
  const [event] = eventsOf("nobody-yet", 1) as [UsageEvent];
  await recorders[0]!.record([{ ...event, detail: { retries: 2 } }], PRODUCER);
  const { rows } = await owner.query(
    "select tenant_id, detail from quotel.usage_events where detail ->> 'claimed_tenant' = 'nobody-yet'",
  );
  expect(rows).toEqual([{ tenant_id: "unattributed", detail: { retries: 2, claimed_tenant: "nobody-yet" } }]);
});

test("a tenant's custom resources beyond a hundred are counted as __other__, however many collectors meet them first", async () => {
  await owner.query("insert into quotel.tenants (tenant_id, plan_id) values ('inventive', 'trial')");
  const events = eventsOf("inventive", 150).map((event, index) => ({
    ...event,
    eventType: "usage",
    resource: `thing_${index}`,
    amount: index + 1,
    reservationId: null,
  }));
  await Promise.all(recorders.map((recorder) => recorder.record(events, PRODUCER)));
  await recorders[0]!.record(events.toReversed(), PRODUCER);
  const { rows } = await owner.query<{ resource: string; used: number }>(
    `select resource, used from quotel.quota_totals
    where tenant_id = 'inventive' and period = 'lifetime' and resource ~ '^(thing|__other__)'`,
  );
  expect(rows).toHaveLength(101);
  expect(rows.reduce((sum, { used }) => sum + used, 0)).toBe((150 * 151) / 2);
  const { rows: others } = await owner.query<{ name: string }>(
    "select detail ->> 'resource' as name from quotel.usage_events where resource = '__other__' and tenant_id = 'inventive'",
  );
  expect(others).toHaveLength(50);
  expect(others.every(({ name }) => name.startsWith("thing_"))).toBe(true);
  const { rows: quarantined } = await owner.query("select from quotel.quarantine where tenant_id = 'inventive'");
  expect(quarantined).toEqual([]);
});

test("I4: the clock a sender shows corrects when its events are accounted, never which events they are", async () => {
  await owner.query("insert into quotel.tenants (tenant_id, plan_id) values ('skewed', 'trial')");
  const hour = 3_600_000_000;
  const nowMicros = Date.now() * 1000;
  const [event] = eventsOf("skewed", 1) as [UsageEvent];
  // A clock that is two hours behind; the work ended a minute before it was sent.
  const behind = { ...event, reservationId: null, endedAtMicros: nowMicros - 2 * hour - 60_000_000 };
  await recorders[0]!.record([behind], PRODUCER, nowMicros - 2 * hour);
  // Sent again five minutes later by a clock that was set right meanwhile: still the same event.
  await recorders[1]!.record([behind], PRODUCER, nowMicros);
  const { rows } = await owner.query<{ off_s: number; claimed: number; flags: number }>(
    `select extract(epoch from accounted_at - to_timestamp($1::bigint / 1e6))::int as off_s,
      (extract(epoch from ended_at) * 1000000)::bigint as claimed, flags
    from quotel.usage_events where tenant_id = 'skewed'`,
    [nowMicros - 60_000_000],
  );
  expect(rows).toEqual([{ off_s: expect.closeTo(0, -1) as number, claimed: behind.endedAtMicros, flags: 1 }]);
});
