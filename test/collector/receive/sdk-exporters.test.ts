import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { Metadata } from "@grpc/grpc-js";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { OTLPLogExporter as JsonLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as JsonMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { KEY, startTestCollector } from "./collector-under-test.ts";

const HEADERS = { authorization: `Bearer ${KEY}` };
const EXPORTERS = [
  { name: "JSON", Exporter: JsonExporter, compression: "none" },
  { name: "JSON, gzip", Exporter: JsonExporter, compression: "gzip" },
  { name: "protobuf", Exporter: ProtobufExporter, compression: "none" },
  { name: "protobuf, gzip", Exporter: ProtobufExporter, compression: "gzip" },
  { name: "gRPC", Exporter: GrpcExporter, compression: "none" },
  { name: "gRPC, gzip", Exporter: GrpcExporter, compression: "gzip" },
] as const;

test.each(EXPORTERS)("the OpenTelemetry SDK delivers its spans as $name", async ({ Exporter, compression }) => {
  const { url, grpcUrl, recorder } = await startTestCollector();
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${KEY}`);
  const exporter =
    Exporter === GrpcExporter
      ? new GrpcExporter({ url: grpcUrl!, metadata, compression: compression as never })
      : new Exporter({ url: `${url}/v1/traces`, headers: HEADERS, compression: compression as never });
  const provider = new TracerProvider({
    spanProcessors: [new BatchSpanProcessor({ exporter, maxExportBatchSize: 64 })],
  });
  const tracer = provider.getTracer("app", "1.0.0");
  for (let index = 0; index < 200; index++) {
    const server = tracer.startSpan("POST /chat", {
      kind: SpanKind.SERVER,
      attributes: { "http.request.method": "POST", "http.route": "/chat", "quotel.tenant.id": `tenant-${index % 3}` },
    });
    const chat = tracer.startSpan("chat", {
      kind: SpanKind.CLIENT,
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": index,
        "tenant.id": `tenant-${index % 3}`,
      },
    });
    if (index % 50 === 0) server.setStatus({ code: SpanStatusCode.ERROR });
    chat.end();
    server.end();
  }
  await provider.forceFlush();
  await provider.shutdown();

  const calls = recorder.events.filter(({ eventType }) => eventType === "api_call");
  const chats = recorder.events.filter(({ eventType }) => eventType === "chat");
  expect([calls.length, chats.length]).toEqual([200, 200]);
  expect(calls.filter(({ status }) => status === "failed")).toHaveLength(4);
  expect(chats.reduce((sum, { inputTokens }) => sum + (inputTokens ?? 0), 0)).toBe((199 * 200) / 2);
  expect(new Set(recorder.events.map(({ tenantId }) => tenantId))).toEqual(
    new Set(["tenant-0", "tenant-1", "tenant-2"]),
  );
  expect(recorder.producers[0]).toEqual({ keyId: "k1", tenants: null });
});

test.each([
  { name: "JSON", Exporter: JsonMetricExporter },
  { name: "protobuf", Exporter: ProtobufMetricExporter },
])("the OpenTelemetry SDK delivers its metrics as $name", async ({ Exporter }) => {
  const { url, levels, counters } = await startTestCollector();
  const exporter = new Exporter({ url: `${url}/v1/metrics`, headers: HEADERS });
  const reader = new PeriodicExportingMetricReader({ exporter });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter("app", "1.0.0");
  const members = { "quotel.resource": "members", "quotel.tenant.id": "acme" };
  meter.createGauge("team").record(12, members);
  meter.createUpDownCounter("shared").add(-3, { ...members, "quotel.resource": "channels" });
  meter.createHistogram("latency").record(5, members);
  await provider.forceFlush();
  await provider.shutdown();

  const read = levels.items.map(({ tenantId, resource, kind, value }) => [tenantId, resource, kind, value]);
  expect(read.slice(0, 2)).toEqual([
    ["acme", "members", "gauge", 12],
    ["acme", "channels", "cumulative", -3],
  ]);
  expect(counters.get("points_ignored.not_a_number")).toBeGreaterThan(0);
});

test.each([
  { name: "JSON", Exporter: JsonLogExporter },
  { name: "protobuf", Exporter: ProtobufLogExporter },
])("the OpenTelemetry SDK delivers its log events as $name", async ({ Exporter }) => {
  const { url, audit, counters } = await startTestCollector();
  const exporter = new Exporter({ url: `${url}/v1/logs`, headers: HEADERS, compression: "gzip" as never });
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger("app", "1.0.0");
  logger.emit({ body: "nothing of ours" });
  logger.emit({
    eventName: "quotel.audit.plan_changed",
    attributes: {
      "quotel.tenant.id": "acme",
      "quotel.audit.id": "e1",
      "quotel.audit.entity.type": "tenant",
      "quotel.audit.entity.id": "acme",
      "quotel.audit.action": "update",
      "quotel.audit.actor.type": "admin",
      "quotel.audit.actor.id": "ada",
      "quotel.audit.new": { plan: "pro", limits: [1, 2.5] },
    },
  });
  await provider.forceFlush();
  await provider.shutdown();

  expect(audit.items).toHaveLength(1);
  expect(audit.items[0]?.tenantId).toBe("acme");
  expect(JSON.stringify(audit.items[0])).toContain("limits");
  expect([counters.get("logs_received"), counters.get("logs_accepted")]).toEqual([2, 1]);
});
