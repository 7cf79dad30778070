import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { afterAll, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { Counters } from "../../../collector/observe/counters.ts";
import { createLevelIngest } from "../../../collector/ingest/levels.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../../../collector/normalise/tenant/tenant-attributes.ts";
import { createRefuse } from "../../../collector/quarantine/refuse.ts";
import { createLevelRecorder } from "../../../collector/record/level-recorder.ts";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { createTestDatabase } from "../../database/test-database.ts";

const PRODUCER = { keyId: "test", tenants: null };
const quiet = { warn: () => {}, error: () => {} };
const SERIALIZERS = { protobuf: ProtobufMetricsSerializer, json: JsonMetricsSerializer };

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.ownerUrl, applicationName: "oracle" });
afterAll(() => admin.end());
const pool = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
afterAll(() => pool.end());
const recorder = createRecorder({ pool, defaultPlan: "trial", log: quiet });
afterAll(() => recorder.close());
const levels = createLevelRecorder({ pool, defaultPlan: "trial", log: quiet });
const counters = new Counters();
const ingest = createLevelIngest({
  recorder,
  levels,
  refuse: createRefuse(pool, quiet),
  counters,
  tenantAttributes: DEFAULT_TENANT_ATTRIBUTES,
  now: Date.now,
});

/** An app with the real metrics SDK whose exports are handed to the test. */
function meteredApp(temporality: AggregationTemporality): {
  readonly meter: ReturnType<MeterProvider["getMeter"]>;
  readonly collect: () => Promise<ResourceMetrics>;
} {
  const exporter = new InMemoryMetricExporter(temporality);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  return {
    meter: provider.getMeter("app"),
    collect: async () => {
      exporter.reset();
      await reader.forceFlush();
      return exporter.getMetrics()[0]!;
    },
  };
}

async function levelOf(tenantId: string, resource: string): Promise<number | undefined> {
  const { rows } = await admin.query<{ value: number }>(
    "select value from public.usage_levels where tenant_id = $1 and resource = $2 order by period_start desc limit 1",
    [tenantId, resource],
  );
  return rows[0]?.value;
}

async function usedOf(tenantId: string, resource: string): Promise<number | undefined> {
  const { rows } = await admin.query<{ used: number }>(
    "select used from quotel.quota_totals where period = 'lifetime' and tenant_id = $1 and resource = $2",
    [tenantId, resource],
  );
  return rows[0]?.used;
}

describe.each([
  ["protobuf", "cumulative", AggregationTemporality.CUMULATIVE],
  ["json", "delta", AggregationTemporality.DELTA],
  ["json", "cumulative", AggregationTemporality.CUMULATIVE],
] as const)("the metrics SDK, %s, %s sums", (encoding, name, temporality) => {
  const tenant = `${encoding}-${name}`;
  const attributes = { "quotel.tenant.id": tenant };

  test("levels and usage follow its instruments exactly, though every export is delivered twice", async () => {
    const app = meteredApp(temporality);
    const members = app.meter.createGauge("quotel.level.members");
    const channels = app.meter.createUpDownCounter("channels");
    const runs = app.meter.createCounter("app.bot.runs");
    const deliver = async (): Promise<unknown[]> => {
      const bytes = SERIALIZERS[encoding].serializeRequest(await app.collect())!;
      return [await ingest(bytes, encoding, PRODUCER), await ingest(bytes, encoding, PRODUCER)];
    };
    const accepted = { kind: "accepted", rejected: 0, message: "" };

    members.record(10, attributes);
    channels.add(3, attributes);
    runs.add(5, { ...attributes, "quotel.resource": "bot_runs" });
    expect(await deliver()).toEqual([accepted, accepted]);
    members.record(12, attributes);
    channels.add(-2, attributes);
    runs.add(2, { ...attributes, "quotel.resource": "bot_runs" });
    expect(await deliver()).toEqual([accepted, accepted]);

    expect(await levelOf(tenant, "members")).toBe(12);
    expect(await levelOf(tenant, "channels")).toBe(1);
    expect(await usedOf(tenant, "bot_runs")).toBe(7);
  });
});

test("a request's answer counts the points that were refused, by reason, and the others are committed", async () => {
  const app = meteredApp(AggregationTemporality.CUMULATIVE);
  const level = app.meter.createGauge("quotel.level.seats");
  level.record(1.5, { "quotel.tenant.id": "fractions" });
  level.record(4, { "quotel.tenant.id": "integers" });
  level.record(4);
  app.meter.createHistogram("quotel.level.latency").record(3);
  const answer = await ingest(ProtobufMetricsSerializer.serializeRequest(await app.collect())!, "protobuf", PRODUCER);
  expect(answer).toEqual({
    kind: "accepted",
    rejected: 2,
    message: "rejected data points: not_an_integer (1), no_tenant (1)",
  });
  expect(await levelOf("integers", "seats")).toBe(4);
  expect(counters.get("points_ignored.not_a_number")).toBe(1);
  expect(counters.get("points_rejected.no_tenant")).toBe(1);
});

test("bytes that are no metrics request are answered 400", async () => {
  const answer = await ingest(Buffer.from("{"), "json", PRODUCER);
  expect(answer).toMatchObject({ kind: "error", status: 400 });
});
