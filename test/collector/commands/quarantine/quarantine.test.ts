import fc from "fast-check";
import { afterAll, afterEach, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { insertQuarantine } from "#database/quarantine/insert-quarantine";
import { asSent } from "#database/quarantine/quarantine-item";
import { readQuarantine } from "#database/quarantine/read-quarantine";
import { resolveQuarantined } from "#database/quarantine/resolve-quarantined";
import type { UsageEvent } from "#database/record/usage-event";
import { Counters } from "../../../../collector/observe/counters.ts";
import { createUsageIngest } from "../../../../collector/ingest/usage.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../../../../collector/normalise/tenant/tenant-attributes.ts";
import { createPrice } from "../../../../collector/price/price.ts";
import { createRefuse } from "../../../../collector/quarantine/refuse.ts";
import { replay } from "../../../../collector/commands/quarantine/replay.ts";
import { Attribution } from "../../../../collector/record/attribution.ts";
import { createRecorder } from "../../../../collector/record/recorder.ts";
import { arbitraryEvent } from "../../../database/record/arbitrary-event.ts";
import { expectedTotals, storedTotals } from "../../../database/record/usage-oracle.ts";
import { createTestDatabase } from "../../../database/test-database.ts";
import { encodeHeartbeat } from "../../../../instrumentation/src/metering/encode/encode-heartbeat.ts";
import { encodeRequest } from "../../../../instrumentation/src/metering/encode/encode-request.ts";
import { encoded, traceRequest } from "./trace-request.ts";

const PRODUCER = { keyId: "gateway", tenants: null };
const quiet = { warn: () => {}, error: () => {} };

const database = await createTestDatabase();
afterAll(database.drop);
const owner = createPool({ connectionString: database.ownerUrl, applicationName: "owner" });
afterAll(() => owner.end());
const writer = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
afterAll(() => writer.end());
const recorder = createRecorder({ pool: writer, defaultPlan: "trial", log: quiet });
afterAll(() => recorder.close());
const refuse = createRefuse(writer, quiet);
const ingest = createUsageIngest({
  recorder,
  refuse,
  counters: new Counters(),
  price: createPrice(),
  tenantAttributes: DEFAULT_TENANT_ATTRIBUTES,
  now: Date.now,
});
await owner.query(
  "insert into quotel.api_keys (key_hash, key_id, kind) values (decode('00', 'hex'), 'gateway', 'ingest')",
);

afterEach(async () => {
  await owner.query(`truncate quotel.usage_events, quotel.unfolded_batches, quotel.folded_rollups, quotel.day_totals,
    quotel.reservations, quotel.quarantine, quotel.quarantine_days, quotel.security_events`);
});

const partsAt = (now: () => number) => ({
  pool: owner,
  attribution: new Attribution(owner, "trial"),
  price: createPrice(),
  tenantAttributes: DEFAULT_TENANT_ATTRIBUTES,
  now,
});
const everything = { quarantineId: null, reason: null };

function someEvents(count: number): UsageEvent[] {
  const price = createPrice();
  return fc.sample(arbitraryEvent(Date.now() * 1000), count).map((event, index) => ({
    ...event,
    tenantId: "acme",
    traceId: (index + 1).toString(16).padStart(32, "0"),
    // As when it was received: only what nobody could price has no cost. Replayed, it is priced by the same list.
    costNanoUsd: event.costNanoUsd ?? price(event),
  }));
}

test("a rejected span is kept whole with its reason, once, and the sender is told", async () => {
  const bytes = encoded(
    traceRequest({
      "quotel.tenant.id": "acme",
      "gen_ai.usage.input_tokens": 5_000_000_000,
      "user.id": "nul\0",
      "quotel.boot.id": "boot\0",
      "quotel.seq": 7,
    }),
  );
  const answers = [await ingest(bytes, "json", PRODUCER), await ingest(bytes, "json", PRODUCER)];
  expect(answers.map((answer) => answer.kind === "accepted" && answer.rejected)).toEqual([1, 1]);
  const items = await readQuarantine(owner, {}, 10);
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ signal: "span", tenantId: "acme", producerId: "gateway" });
  expect(JSON.stringify(items[0]!.payload)).toContain('["gen_ai.usage.input_tokens",5000000000]');
  const arrived = await owner.query("select sequences::text from quotel.unfolded_arrivals where producer = 'gateway'");
  expect(arrived.rows).toContainEqual({ sequences: "{[7,8)}" });
  expect((await replay(partsAt(Date.now), everything)).stay.said("")).toContain(items[0]!.reason);
});

test("I12: a numbered span that is no event, such as a heartbeat, is noted as arrived and kept nowhere", async () => {
  const ids = { traceId: "cd".repeat(16), spanId: "ef".repeat(8), bootId: "beating", seq: 3 };
  const heartbeat = encodeHeartbeat({ recorded: 2 }, ids, Date.now() * 1000);
  const bytes = Buffer.from(encodeRequest("traces", { serviceName: "app", scopeVersion: "1" }, [heartbeat]));
  expect(await ingest(bytes, "json", PRODUCER)).toMatchObject({ kind: "accepted", rejected: 0 });
  const arrived = await owner.query("select sequences::text from quotel.unfolded_arrivals where boot_id = 'beating'");
  expect(arrived.rows).toEqual([{ sequences: "{[3,4)}" }]);
  expect(await readQuarantine(owner, {}, 10)).toEqual([]);
  expect(await storedTotals(owner)).toEqual(new Map());
});

test("I4: an event from too far in the future counts once its time has come, once for two who replay it at once", async () => {
  const events = someEvents(12).map((event) => ({ ...event, endedAtMicros: (Date.now() + 30 * 3_600_000) * 1000 }));
  await recorder.record(events, PRODUCER);
  expect(await storedTotals(owner)).toEqual(new Map());
  expect(await replay(partsAt(Date.now), everything)).toMatchObject({ recorded: 0 });
  const later = (): number => Date.now() + 30 * 3_600_000;
  const both = await Promise.all([1, 2].map(() => replay(partsAt(later), everything)));
  expect(both.reduce((sum, { recorded }) => sum + recorded, 0)).toBe(events.length);
  expect(await readQuarantine(owner, {}, 100)).toEqual([]);
  expect(await storedTotals(owner)).toEqual(expectedTotals(events));
});

test("a contradiction stays in quarantine when it is replayed, and the first event stays in the ledger", async () => {
  const [event] = someEvents(1) as [UsageEvent];
  await recorder.record([event], PRODUCER);
  await recorder.record([{ ...event, durationMicros: event.durationMicros + 1 }], PRODUCER);
  const result = await replay(partsAt(Date.now), { quarantineId: null, reason: "conflict" });
  expect(result.recorded).toBe(0);
  expect(await readQuarantine(owner, {}, 10)).toHaveLength(1);
  expect(await storedTotals(owner)).toEqual(expectedTotals([event]));
});

test("what was discarded is listed no more, and a redelivery does not bring it back", async () => {
  const [event] = someEvents(1) as [UsageEvent];
  const old = { ...event, endedAtMicros: (Date.now() - 40 * 86_400_000) * 1000 };
  await recorder.record([old], PRODUCER);
  const [item] = await readQuarantine(owner, {}, 10);
  expect(await resolveQuarantined(owner, item!.quarantineId, { kind: "discarded", reason: "a test of ours" })).toBe(
    true,
  );
  await recorder.record([old], PRODUCER);
  expect(await readQuarantine(owner, {}, 10)).toEqual([]);
  expect(await readQuarantine(owner, { resolved: true }, 10)).toMatchObject([
    { payload: null, resolution: "discarded", discardReason: "a test of ours" },
  ]);
});

test("beyond a producer's allowance for the day items are only counted", async () => {
  const item = (number: number) =>
    asSent({ tenantId: "acme", signal: "span", reason: "no_end_time", producerId: "loud", traceId: null }, { number });
  for (let from = 0; from < 11_000; from += 1_000) {
    await insertQuarantine(
      writer,
      Array.from({ length: 1_000 }, (_, index) => item(from + index)),
    );
  }
  await insertQuarantine(writer, [item(0), item(1)]);
  await insertQuarantine(writer, [{ ...item(99_999), producerId: "quiet" }]);
  const { rows } = await owner.query(
    "select producer, kept, turned_away from quotel.quarantine_days order by producer",
  );
  expect(rows).toEqual([
    { producer: "loud", kept: 10_000, turned_away: 1_000 },
    { producer: "quiet", kept: 1, turned_away: 0 },
  ]);
});

test("a large payload is kept whole until the producer's allowance of them for the day is spent; small ones are kept beside it", async () => {
  const item = (number: number, size: number) =>
    asSent(
      { tenantId: "acme", signal: "span", reason: "no_end_time", producerId: "wordy", traceId: null },
      { number, text: "ü".repeat(size / 2) },
    );
  const MIB = 1024 * 1024;
  for (let number = 0; number < 4; number++) await insertQuarantine(writer, [item(number, MIB), item(9 + number, 10)]);
  for (let number = 20; number < 29; number++) await insertQuarantine(writer, [item(number, 7 * MIB)]);
  await insertQuarantine(writer, [item(30, 9 * MIB), item(31, 10), item(32, 5 * MIB)]);
  const { rows } = await owner.query(
    `select octet_length(payload ->> 'text') as bytes, count(*) from quotel.quarantine group by 1 order by 1`,
  );
  expect(rows).toEqual([
    { bytes: 10, count: 5 },
    { bytes: MIB, count: 4 },
    { bytes: 7 * MIB, count: 8 },
    { bytes: null, count: 3 },
  ]);
  const days = await owner.query("select kept, large_bytes, turned_away from quotel.quarantine_days");
  const envelope = '{"number":0,"text":""}'.length;
  expect(days.rows).toEqual([{ kept: 20, large_bytes: 60 * MIB + 4 * envelope + 8 * (envelope + 1), turned_away: 0 }]);
});

test("I13: spans that claim a foreign tenant are a security event an hour, with nothing of what they said", async () => {
  const bound = { keyId: "bound", tenants: ["acme"] };
  const bytes = encoded(traceRequest({ "quotel.tenant.id": "globex", "gen_ai.usage.input_tokens": 5 }));
  for (let times = 0; times < 3; times++) {
    expect(await ingest(bytes, "json", bound)).toMatchObject({ kind: "accepted", rejected: 1 });
  }
  const reader = createPool({ connectionString: database.readerUrl, applicationName: "grafana" });
  const { rows } = await reader.query(
    "select producer, signal, claimed_tenant, claims, trace_id from public.security_events",
  );
  await reader.end();
  expect(rows).toEqual([
    { producer: "bound", signal: "span", claimed_tenant: "globex", claims: 3, trace_id: "ab".repeat(16) },
  ]);
  expect(await readQuarantine(owner, {}, 10)).toEqual([]);
  expect(await storedTotals(owner)).toEqual(new Map());
});

test("a producer that makes up foreign tenants without end gets a bounded number of security events", async () => {
  const bound = { keyId: "bound", tenants: ["acme"] };
  const spans = Array.from({ length: 300 }, (_, index) => ({ "quotel.tenant.id": `made-up-${index}` }));
  await ingest(encoded(traceRequest(...spans)), "json", bound);
  await ingest(encoded(traceRequest(...spans)), "json", bound);
  const { rows } = await owner.query(
    `select count(*)::int as rows, sum(claims)::int as claims,
      (sum(claims) filter (where claimed_tenant = '__other__'))::int as others
    from quotel.security_events`,
  );
  expect(rows).toEqual([{ rows: 101, claims: 600, others: 400 }]);
});

test("what was kept of a span is given to the tenant in the configured attribute when it is replayed", async () => {
  const tenantAttributes = { names: ["quotel.tenant.id", "org.id"], jsonNames: [] };
  const parts = { recorder, refuse, counters: new Counters(), price: createPrice(), tenantAttributes };
  const configured = createUsageIngest({ ...parts, now: Date.now });
  const said = { "org.id": "acme", "tenant.id": "elsewhere", "gen_ai.usage.input_tokens": 5_000_000_000 };
  await configured(encoded(traceRequest(said)), "json", PRODUCER);
  const [item] = await readQuarantine(owner, {}, 10);
  // As if the bound that refused it were higher today.
  await owner.query(
    "update quotel.quarantine set payload = replace(payload::text, '5000000000', '50')::jsonb where quarantine_id = $1",
    [item!.quarantineId],
  );
  expect(await replay({ ...partsAt(Date.now), tenantAttributes }, everything)).toMatchObject({ recorded: 1 });
  const { rows } = await owner.query("select tenant_id, input_tokens from quotel.usage_events");
  expect(rows).toEqual([{ tenant_id: "acme", input_tokens: 50 }]);
});
