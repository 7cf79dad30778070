import * as otlp from "@opentelemetry/otlp-transformer";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { readConfig } from "../../../collector/config.ts";
import { KEY, startTestCollector } from "../receive/collector-under-test.ts";

const SERIALIZERS = {
  protobuf: {
    type: "application/x-protobuf",
    traces: otlp.ProtobufTraceSerializer,
    metrics: otlp.ProtobufMetricsSerializer,
    logs: otlp.ProtobufLogsSerializer,
  },
  json: {
    type: "application/json",
    traces: otlp.JsonTraceSerializer,
    metrics: otlp.JsonMetricsSerializer,
    logs: otlp.JsonLogsSerializer,
  },
} as const;

/** What an app says that knows quotel's tenant by another name, and has something else under one of the default names. */
const SAID = { "org.id": "acme", "tenant.id": "the-cloud-account" };

test.each(["protobuf", "json"] as const)(
  "spans, points and audit records sent as %s belong to the tenant in the configured attribute",
  async (encoding) => {
    const read = readConfig({ QUOTEL_TENANT_ATTRIBUTES: "org.id" });
    if (read.kind === "invalid") throw new Error(read.problems.join());
    const { tenantAttributes } = read.config;
    const collector = await startTestCollector({ config: { tenantAttributes } });
    const { type, ...serializers } = SERIALIZERS[encoding];
    const bodies = {
      traces: serializers.traces.serializeRequest(await someSpans())!,
      metrics: serializers.metrics.serializeRequest(await someMetrics())!,
      logs: serializers.logs.serializeRequest(await someLogs())!,
    };
    for (const [signal, body] of Object.entries(bodies)) {
      const headers = { authorization: `Bearer ${KEY}`, "content-type": type };
      const answer = await fetch(`${collector.url}/v1/${signal}`, { method: "POST", body: Buffer.from(body), headers });
      expect([signal, answer.status]).toEqual([signal, 200]);
    }
    const { recorder, levels, audit } = collector;
    expect(recorder.events.map(({ resource, tenantId }) => [resource, tenantId])).toEqual([
      ["chat_messages", "acme"],
      ["searches", "acme"],
    ]);
    expect(recorder.refused).toMatchObject([{ tenantId: "acme", reason: "invalid_amount" }]);
    expect(levels.items.map(({ tenantId }) => tenantId)).toEqual(["acme"]);
    expect(audit.items.map(({ tenantId }) => tenantId)).toEqual(["acme"]);
  },
);

async function someSpans() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = provider.getTracer("app");
  tracer.startSpan("chat", { attributes: { ...SAID, "gen_ai.operation.name": "chat" } }).end();
  for (const amount of [1, 0.5]) {
    const attributes = { ...SAID, "quotel.resource": "searches", "quotel.amount": amount };
    tracer.startSpan("search", { attributes }).end();
  }
  await provider.forceFlush();
  return exporter.getFinishedSpans();
}

async function someMetrics() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  provider.getMeter("app").createGauge("quotel.level.members").record(7, SAID);
  await reader.forceFlush();
  return exporter.getMetrics()[0]!;
}

async function someLogs() {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  provider.getLogger("app").emit({ eventName: "quotel.audit.plan.changed", attributes: SAID });
  await provider.forceFlush();
  return exporter.getFinishedLogRecords();
}
