import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { changeLevel, recordUsage, reportLevel, startedMinutes, trackUsage, withTenant } from "@quotel/instrumentation";
import { recordAudit } from "@quotel/instrumentation/audit";
import { createMeter } from "../../../instrumentation/src/metering/meter.ts";
import type { Meter } from "../../../instrumentation/src/metering/meter.ts";
import { metering } from "../../../instrumentation/src/process/metering.ts";
import { warningsGiven } from "../../../instrumentation/src/process/warn.ts";
import { holderStorage } from "../../../instrumentation/src/tenant/holders.ts";
import { Work } from "../../../instrumentation/src/quota/work.ts";
import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";

let receiver: OtlpReceiver;
let meter: Meter;
const warnings: string[] = [];
const onWarning = (warning: Error) => void warnings.push(warning.message);

beforeAll(() => process.on("warning", onWarning));
afterAll(() => process.off("warning", onWarning));
beforeEach(async () => {
  receiver = await startOtlpReceiver();
  meter = createMeter({ endpoint: new URL(receiver.url), ingestKey: "key", serviceName: "test", flushIntervalMs: 5 });
  metering().meter = meter;
  warningsGiven().clear();
  warnings.length = 0;
});
afterEach(async () => {
  metering().meter = null;
  meter.stop();
  await receiver.close();
});

async function sent(): Promise<OtlpReceiver["spans"]> {
  await meter.flush(2_000);
  return receiver.spans;
}
/** Warnings are given in a turn of their own. */
async function warned(): Promise<string[]> {
  await new Promise((resolve) => setImmediate(resolve));
  return warnings;
}

test("usage recorded by hand is a numbered record like any other", async () => {
  recordUsage({
    tenantId: "acme",
    resource: "agent_minutes",
    amount: startedMinutes(61_000),
    metadata: { call: "c1" },
  });
  const [span] = await sent();
  expect(span).toMatchObject({
    name: "usage agent_minutes",
    attributes: {
      "quotel.event.type": "usage",
      "quotel.tenant.id": "acme",
      "quotel.resource": "agent_minutes",
      "quotel.amount": 2,
      "quotel.metadata.call": "c1",
      "quotel.boot.id": meter.bootId,
      "quotel.seq": 1,
    },
  });
});

test("usage without a tenant of its own is the current tenant's, and of an impossible one it is unattributed", async () => {
  withTenant("acme", () => recordUsage({ eventType: "search" }));
  recordUsage({ tenantId: "no tenant!", eventType: "search" });
  expect((await sent()).map(({ attributes }) => attributes["quotel.tenant.id"])).toEqual(["acme", undefined]);
});

test("a tracker records once, how the work went and what it used", async () => {
  const tracker = trackUsage("acme", "embedding", { site_id: "s1" });
  tracker.recordSuccess({ tokens_used: 412, response_time_ms: 250, status: 200, model: "bge-m3" });
  tracker.recordFailure(new Error("too late"));
  const [span, ...more] = await sent();
  expect(more).toEqual([]);
  expect(span).toMatchObject({
    statusCode: 0,
    attributes: {
      "quotel.event.type": "embedding",
      "gen_ai.usage.input_tokens": 412,
      "gen_ai.response.model": "bge-m3",
      "quotel.metadata.site_id": "s1",
      "quotel.metadata.status": 200,
    },
  });
  expect(BigInt(span!.endTimeUnixNano) - BigInt(span!.startTimeUnixNano)).toBe(250_000_000n);
});

test("a tracker's failure says of the error what it is and not what it says", async () => {
  trackUsage("acme", "search").recordFailure(new TypeError("the secret is 42"));
  trackUsage("acme", "search").recordRateLimit();
  const [failed, limited] = await sent();
  expect(failed).toMatchObject({ statusCode: 2, attributes: { "quotel.metadata.error": "TypeError" } });
  expect(limited).toMatchObject({ attributes: { "quotel.status": "rate_limited" } });
  expect(receiver.requests.map(({ body }) => body).join()).not.toContain("secret");
});

test.each([
  [{ eventType: "Not a type" }, /no event's type/],
  [{ resource: "tokens", amount: -1 }, /cannot be given back/],
  [{ resource: "files", amount: 1.5 }, /whole numbers/],
  [{ eventType: "chat", inputTokens: Number.NaN }, /no number of tokens/],
  [{ eventType: "chat", durationMs: -1 }, /no duration/],
])("what the collector would refuse is ignored with a warning: %o", async (report, problem) => {
  recordUsage({ tenantId: "acme", ...report });
  expect(await warned()).toEqual([expect.stringMatching(problem)]);
  expect(meter.counters().recorded).toBe(0);
});

test("an app without register is told once that nothing is recorded", async () => {
  metering().meter = null;
  recordUsage({ tenantId: "acme", eventType: "search" });
  reportLevel("acme", "members", 1);
  expect(await warned()).toEqual([expect.stringMatching(/--import @quotel\/instrumentation\/register/)]);
});

test("levels are gauges, changes of levels are deltas, and two of one moment are told apart", async () => {
  reportLevel("acme", "members", 12);
  reportLevel("acme", "members", 13);
  changeLevel("acme", "channels", -2, new Date(1_700_000_000_000));
  await meter.flush(2_000);
  const points = receiver.metrics.map(({ name, gauge, sum }) => ({ name, ...((gauge ?? sum) as object) }));
  expect(points).toMatchObject([
    { name: "quotel.level.members", dataPoints: [{ asInt: "12" }] },
    { name: "quotel.level.members", dataPoints: [{ asInt: "13" }] },
    {
      name: "quotel.level.channels",
      aggregationTemporality: 1,
      isMonotonic: false,
      dataPoints: [{ asInt: "-2", timeUnixNano: "1700000000000000000" }],
    },
  ]);
  expect(
    new Set(receiver.metrics.map((metric) => JSON.stringify(metric).match(/"timeUnixNano":"\d+"/)?.[0])).size,
  ).toBe(3);
});

test.each([
  ["tokens", 5, /used up, not held/],
  ["members", -1, /nobody holds -1/],
  ["members", 0.5, /not a whole number/],
])("what is no level is ignored with a warning: %s at %d", async (resource, value, problem) => {
  reportLevel("acme", resource, value);
  expect(await warned()).toEqual([expect.stringMatching(problem)]);
  expect(meter.counters().recorded).toBe(0);
});

test("an audit event whose values are no JSON is ignored with a warning, and throws nothing", async () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  recordAudit("acme", "team.changed", { new: circular });
  recordAudit("acme", "no type at all");
  expect(await warned()).toEqual([expect.stringMatching(/circular/)]);
  expect(meter.counters().recorded).toBe(0);
});

test("usage under a reservation names it, and is part of what the reservation is closed at", async () => {
  const closed: [string, number][][] = [];
  const work = new Work("acme", "0198f3a0-0000-7000-8000-000000000001", (totals) => closed.push([...totals]));
  withTenant("acme", () => {
    holderStorage().getStore()!.work = work;
    recordUsage({ resource: "agent_minutes", amount: 2 });
    recordUsage({ resource: "files", amount: -1 });
    recordUsage({ tenantId: "other", resource: "agent_minutes", amount: 5 });
    trackUsage("acme", "embedding").recordSuccess({ tokens_used: 10 });
    work.end();
  });
  const ids = (await sent()).map(({ attributes }) => attributes["quotel.reservation.id"]);
  expect(ids).toEqual([work.reservationId, undefined, undefined, work.reservationId]);
  expect(Object.fromEntries(closed[0]!)).toEqual({ agent_minutes: 2, tokens: 10, embeddings: 1, embedding_tokens: 10 });
});
