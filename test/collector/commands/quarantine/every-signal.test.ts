import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, afterEach, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { insertQuarantine } from "#database/quarantine/insert-quarantine";
import { asSent } from "#database/quarantine/quarantine-item";
import { readQuarantine } from "#database/quarantine/read-quarantine";
import type { UsageEvent } from "#database/record/usage-event";
import { createAuditIngest } from "../../../../collector/ingest/audit.ts";
import { createLevelIngest } from "../../../../collector/ingest/levels.ts";
import { Counters } from "../../../../collector/observe/counters.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../../../../collector/normalise/tenant/tenant-attributes.ts";
import { createPrice } from "../../../../collector/price/price.ts";
import { createRefuse } from "../../../../collector/quarantine/refuse.ts";
import { replay } from "../../../../collector/commands/quarantine/replay.ts";
import { neverReason } from "../../../../collector/commands/quarantine/try-again.ts";
import { Attribution } from "../../../../collector/record/attribution.ts";
import { createAuditRecorder } from "../../../../collector/record/audit-recorder.ts";
import { createLevelRecorder } from "../../../../collector/record/level-recorder.ts";
import { createRecorder } from "../../../../collector/record/recorder.ts";
import { arbitraryEvent } from "../../../database/record/arbitrary-event.ts";
import { driftFromLedger, expectedTotals, storedTotals } from "../../../database/record/usage-oracle.ts";
import { createTestDatabase } from "../../../database/test-database.ts";
import { logsRequest, metricsRequest } from "./otlp-requests.ts";

const PRODUCER = { keyId: "gateway", tenants: null };
const BOUND = { keyId: "bound", tenants: ["acme"] };
const DAY_MS = 86_400_000;
const quiet = { warn: () => {}, error: () => {} };
const everything = { quarantineId: null, reason: null };

const database = await createTestDatabase();
afterAll(database.drop);
const owner = createPool({ connectionString: database.ownerUrl, applicationName: "owner" });
afterAll(() => owner.end());
const writer = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
afterAll(() => writer.end());
// Tenants have to be registered here.
const parts = { pool: writer, defaultPlan: null, log: quiet };
const [recorder, levels, audit] = [createRecorder(parts), createLevelRecorder(parts), createAuditRecorder(parts)];
afterAll(() => Promise.all([recorder, levels, audit].map((it) => it.close())));
const tenantAttributes = DEFAULT_TENANT_ATTRIBUTES;
const shared = { refuse: createRefuse(writer, quiet), counters: new Counters(), tenantAttributes, now: Date.now };
const takeMetrics = createLevelIngest({ recorder, levels, ...shared });
const takeLogs = createAuditIngest({ audit, ...shared });
await owner.query("insert into quotel.tenants (tenant_id, plan_id) values ('acme', 'trial')");
await owner.query("select quotel.ensure_event_partitions(current_date - 1, current_date + 3)");
await owner.query(
  "insert into quotel.api_keys (key_hash, key_id, kind) values (decode('00', 'hex'), 'gateway', 'ingest')",
);

afterEach(async () => {
  await owner.query(`truncate quotel.usage_events, quotel.unfolded_batches, quotel.folded_rollups, quotel.day_totals,
    quotel.metric_points, quotel.levels, quotel.level_days, quotel.counters, quotel.quarantine, quotel.quarantine_days,
    quotel.security_events`);
});

/** Everything that waits is tried again, some time from now. */
function replayAll(laterMs = 0): ReturnType<typeof replay> {
  const attribution = new Attribution(owner, null);
  const now = (): number => Date.now() + laterMs;
  const retry = { pool: owner, attribution, price: createPrice(), tenantAttributes, now };
  return replay(retry, everything);
}

async function waiting(): Promise<unknown[]> {
  const items = await readQuarantine(owner, {}, 100);
  return items
    .map(({ signal, reason, tenantId, producerId }) => [signal, reason, tenantId, producerId].join(" "))
    .toSorted();
}

async function trail(): Promise<string[]> {
  const { rows } = await owner.query<{ event_type: string }>(
    "select event_type from public.audit_events where tenant_id = 'acme' order by seq",
  );
  return rows.map((row) => row.event_type);
}

async function levelOf(tenantId: string): Promise<number | undefined> {
  const { rows } = await owner.query<{ value: number }>("select value from public.usage_levels where tenant_id = $1", [
    tenantId,
  ]);
  return rows[0]?.value;
}

test("points and records that are refused, by whatever stage, are kept once with reason, producer and what they said, and the sender is told", async () => {
  const acme = { "quotel.tenant.id": "acme" };
  const metrics = metricsRequest(
    { name: "quotel.level.members", value: "NaN", attributes: acme },
    { name: "quotel.level.members", value: 1.5, attributes: acme },
    { name: "quotel.level.members", value: 5, attributes: {} },
    { name: "quotel.level.members", value: 5, attributes: { "quotel.tenant.id": "nobody" } },
    { name: "quotel.level.members", value: 5, attributes: acme, timeMs: Date.now() - 40 * DAY_MS },
    { name: "quotel.level.seats", value: 3e12, attributes: acme, isCounter: true },
  );
  const logs = logsRequest(
    { eventName: "quotel.audit.plan.changed", attributes: { ...acme, "quotel.audit.result": "perhaps" } },
    { eventName: "quotel.audit.plan.changed", attributes: acme, timeMs: Date.now() + 2 * DAY_MS },
  );
  for (let times = 0; times < 2; times++) {
    expect(await takeMetrics(metrics, "json", PRODUCER)).toMatchObject({
      rejected: 6,
      message:
        "rejected data points: not_finite (1), not_an_integer (1), no_tenant (1), out_of_range (1), unknown_tenant (1), beyond_horizon (1)",
    });
    expect(await takeLogs(logs, "json", PRODUCER)).toMatchObject({
      rejected: 2,
      message: "rejected log records: invalid_result (1), in_future (1)",
    });
  }
  expect(await waiting()).toEqual([
    "audit in_future acme gateway",
    "data_point no_tenant unattributed gateway",
    "data_point not_an_integer acme gateway",
    "data_point not_finite acme gateway",
    "log_record invalid_result acme gateway",
    "point beyond_horizon acme gateway",
    "point out_of_range acme gateway",
    "point unknown_tenant nobody gateway",
  ]);
  const payloads = JSON.stringify((await readQuarantine(owner, {}, 100)).map((item) => item.payload));
  expect(payloads).toContain('{"number":"NaN"}');
  expect(payloads).toContain('["quotel.audit.result","perhaps"]');
  const { recorded, stay } = await replayAll();
  expect([recorded, stay.total(), (await waiting()).length]).toEqual([0, 8, 8]);
  expect(stay.said("stay")).toContain("not_finite (1)");
});

test("a level of a tenant that was not registered is recorded when it is tried again after the registration", async () => {
  const named = { "quotel.tenant.id": "later" };
  await takeMetrics(metricsRequest({ name: "members", value: 12, attributes: named }), "json", PRODUCER);
  expect((await replayAll()).stay.said("stay")).toBe("stay: unknown_tenant (1)");
  await owner.query("insert into quotel.tenants (tenant_id, plan_id) values ('later', 'trial')");
  const both = await Promise.all([replayAll(), replayAll()]);
  expect(both.reduce((sum, { recorded }) => sum + recorded, 0)).toBe(1);
  expect(await levelOf("later")).toBe(12);
  expect(await waiting()).toEqual([]);
});

test("what an older version could not use counts when today's rules know it: points, usage and records", async () => {
  const acme = { "quotel.tenant.id": "acme" };
  const atMicros = (Date.now() - 60_000) * 1000;
  const point = {
    metric: "quotel.level.members",
    unit: "",
    kind: "gauge",
    temporality: 0,
    monotonic: false,
    startMicros: 0,
    timeMicros: atMicros,
    value: 7,
    attributes: Object.entries(acme),
    omitted: [],
    resource: [],
    scope: { name: "app", version: "" },
  };
  const usage = { ...point, metric: "quotel.level.pages", kind: "sum", temporality: 1, monotonic: true };
  const record = {
    eventName: "quotel.audit.kb.uploaded",
    timeMicros: atMicros,
    observedMicros: 0,
    severity: 9,
    body: null,
    traceId: "",
    spanId: "",
    attributes: Object.entries(acme),
    omitted: [],
    resource: [],
    scope: { name: "app", version: "" },
  };
  const old = { tenantId: "acme", reason: "not_known_yet", producerId: "gateway", traceId: null };
  await insertQuarantine(writer, [
    asSent({ ...old, signal: "data_point" }, point),
    asSent({ ...old, signal: "data_point" }, usage),
    asSent({ ...old, signal: "log_record" }, record),
  ]);
  expect((await replayAll()).recorded).toBe(3);
  expect(await levelOf("acme")).toBe(7);
  expect((await trail()).at(-1)).toBe("kb.uploaded");
  const { rows } = await owner.query("select resource, amount from quotel.usage_events");
  expect(rows).toEqual([{ resource: "pages", amount: 7 }]);
  const closed = await readQuarantine(owner, { resolved: true }, 10);
  expect(closed.map(({ resolution, payload }) => [resolution, payload])).toEqual(
    [1, 2, 3].map(() => ["replayed", null]),
  );
});

test("of points and records that contradict what is known the second is kept as a conflict, and it is said that trying again is no use", async () => {
  const acme = { "quotel.tenant.id": "acme" };
  const timeMs = Date.now() - 5_000;
  for (const value of [4, 9, 9]) {
    await takeMetrics(metricsRequest({ name: "members", value, attributes: acme, timeMs }), "json", PRODUCER);
  }
  const identified = { ...acme, "quotel.audit.id": "one" };
  for (const summary of ["first", "second"]) {
    const attributes = { ...identified, "quotel.audit.summary": summary };
    await takeLogs(logsRequest({ eventName: "quotel.audit.a", attributes, timeMs }), "json", PRODUCER);
  }
  expect(await waiting()).toEqual(["audit conflict acme gateway", "point conflict acme gateway"]);
  const items = await readQuarantine(owner, {}, 10);
  expect(items.map(neverReason)).toEqual(["conflict", "conflict"]);
  expect(await replayAll()).toMatchObject({ recorded: 0 });
  expect(await levelOf("acme")).toBe(4);
});

test("I13: data points and log records that claim a foreign tenant are rejected and noted as security events, with nothing of what they said", async () => {
  const attributes = { "quotel.tenant.id": "globex" };
  const ids = { traceId: "ab".repeat(16), spanId: "cd".repeat(8) };
  const point = { name: "members", value: 5, attributes };
  const record = { eventName: "quotel.audit.plan.changed", attributes };
  const metrics = metricsRequest(point, { ...point, value: 6 });
  const logs = logsRequest({ ...record, ...ids }, record);
  expect(await takeMetrics(metrics, "json", BOUND)).toMatchObject({ rejected: 2 });
  expect(await takeLogs(logs, "json", BOUND)).toMatchObject({ rejected: 2 });
  const { rows } = await owner.query(
    "select signal, producer, claimed_tenant, claims, trace_id, span_id from public.security_events order by signal",
  );
  const event = { producer: "bound", claimed_tenant: "globex", claims: 2 };
  expect(rows).toEqual([
    { ...event, signal: "data_point", trace_id: null, span_id: null },
    { ...event, signal: "log_record", trace_id: ids.traceId, span_id: ids.spanId },
  ]);
  expect(await waiting()).toEqual([]);
});

test("I4: what came too early and comes again in time counts, its row is closed as counted since, and trying again counts nothing twice, even at the same moment", async () => {
  // In time two seconds from now.
  const timeMs = Date.now() + DAY_MS + 2_000;
  const acme = { "quotel.tenant.id": "acme" };
  const before = await trail();
  const events = fc.sample(arbitraryEvent(timeMs * 1000), 30).map((event, index): UsageEvent => {
    const traceId = (index + 1).toString(16).padStart(32, "0");
    // What nobody could price has no cost; replayed, it would be priced.
    return { ...event, tenantId: "acme", traceId, endedAtMicros: timeMs * 1000, costNanoUsd: event.costNanoUsd ?? 0 };
  });
  const metrics = metricsRequest({ name: "members", value: 3, attributes: acme, timeMs });
  const logs = logsRequest({ eventName: "quotel.audit.early", attributes: acme, timeMs });
  const deliver = (some: readonly UsageEvent[]): Promise<unknown> =>
    Promise.all([
      recorder.record(some, PRODUCER),
      takeMetrics(metrics, "json", PRODUCER),
      takeLogs(logs, "json", PRODUCER),
    ]);
  await deliver(events);
  expect((await waiting()).length).toBe(32);
  expect(await storedTotals(owner)).toEqual(new Map());

  await sleep(timeMs - DAY_MS - Date.now() + 10);
  await deliver(events.slice(0, 10));
  expect((await waiting()).length).toBe(20);
  const closed = await readQuarantine(owner, { resolved: true }, 100);
  const since = closed.filter(({ resolution }) => resolution === "counted_since");
  expect(new Set(since.map(({ signal }) => signal))).toEqual(new Set(["event", "point", "audit"]));
  expect(since.every(({ payload }) => payload === null)).toBe(true);

  await Promise.all([deliver(events), replayAll(), deliver(events.toReversed()), replayAll()]);
  await replayAll();
  expect(await waiting()).toEqual([]);
  expect(await storedTotals(owner)).toEqual(expectedTotals(events));
  expect(await driftFromLedger(owner)).toEqual([]);
  expect(await trail()).toEqual([...before, "early"]);
  const { rows } = await owner.query("select count(*)::int as points from quotel.metric_points");
  expect(rows).toEqual([{ points: 1 }]);
});

test("an audit event that was replayed is the one that comes again, in whatever order its values name their fields", async () => {
  const timeMs = Date.now() + DAY_MS + 1_000;
  const acme = { "quotel.tenant.id": "acme" };
  const attributes = { ...acme, "quotel.audit.id": "wide", "quotel.audit.new": '{"zz":1,"a":{"b":2}}' };
  const logs = logsRequest({ eventName: "quotel.audit.wide", attributes, timeMs });
  await takeLogs(logs, "json", PRODUCER);
  expect((await replayAll(2_000)).recorded).toBe(1);
  await sleep(timeMs - DAY_MS - Date.now() + 10);
  const { duplicate } = audit.counters;
  expect(await takeLogs(logs, "json", PRODUCER)).toMatchObject({ rejected: 0 });
  expect(audit.counters.duplicate).toBe(duplicate + 1);
  expect(await waiting()).toEqual([]);
  const { rows } = await owner.query("select * from quotel.verify_audit_chain('acme')");
  expect(rows).toEqual([]);
});

test("an item that was counted since and is set aside again, because the count was taken back, waits again", async () => {
  const [event] = fc.sample(arbitraryEvent((Date.now() - 40 * DAY_MS) * 1000), 1) as [UsageEvent];
  const old = { ...event, tenantId: "acme", endedAtMicros: (Date.now() - 40 * DAY_MS) * 1000 };
  await recorder.record([old], PRODUCER);
  await owner.query("update quotel.quarantine set resolved_at = now(), resolution = 'counted_since', payload = null");
  await recorder.record([old, old], PRODUCER);
  const [item] = await readQuarantine(owner, {}, 10);
  expect(item).toMatchObject({ reason: "beyond_horizon", resolvedAtMs: null, resolution: null });
  expect(item!.payload).toMatchObject({ traceId: old.traceId });
});
