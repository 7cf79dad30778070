import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { KEY, startTestCollector } from "./collector-under-test.ts";

const EXPORTERS = [
  { name: "JSON", Exporter: JsonExporter, compression: "none" },
  { name: "JSON, gzip", Exporter: JsonExporter, compression: "gzip" },
  { name: "protobuf", Exporter: ProtobufExporter, compression: "none" },
  { name: "protobuf, gzip", Exporter: ProtobufExporter, compression: "gzip" },
] as const;

test.each(EXPORTERS)("the OpenTelemetry SDK delivers its spans as $name", async ({ Exporter, compression }) => {
  const { url, recorder } = await startTestCollector();
  const exporter = new Exporter({
    url: `${url}/v1/traces`,
    headers: { authorization: `Bearer ${KEY}` },
    compression: compression as never,
  });
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
