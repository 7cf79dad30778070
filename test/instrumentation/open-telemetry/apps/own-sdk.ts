/**
 * Tracing as an app owns it: a NodeSDK that `OTEL_*` configure, with the upstream instrumentation of `http`. Loaded by
 * `--import`. `SDK_FOLDER` is the package that depends on the OpenTelemetry line in question. With `OWN_PROCESSORS` it has
 * span processors of its own, ours before the one that exports.
 */
import { createRequire } from "node:module";

import type * as OtlpHttp from "@opentelemetry/exporter-trace-otlp-http";
import type * as InstrumentationHttp from "@opentelemetry/instrumentation-http";
import type * as SdkNode from "@opentelemetry/sdk-node";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";

import { meteringSpanProcessor } from "@quotel/instrumentation/span-processor";

const require = createRequire(`${process.env["SDK_FOLDER"]}/`);
const { NodeSDK } = require("@opentelemetry/sdk-node") as typeof SdkNode;
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http") as typeof InstrumentationHttp;

const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http") as typeof OtlpHttp;

/** Exports all spans at the end, in one request. */
function exportingAtEnd(): SpanProcessor {
  const spans: ReadableSpan[] = [];
  const exporter = new OTLPTraceExporter();
  return {
    onStart() {},
    onEnd: (span) => void spans.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => new Promise((resolve) => exporter.export(spans, () => resolve())),
  };
}

const sdk = new NodeSDK({
  instrumentations: [new HttpInstrumentation()],
  ...(process.env["OWN_PROCESSORS"] ? { spanProcessors: [meteringSpanProcessor(), exportingAtEnd()] } : {}),
});
sdk.start();
// All spans are exported before the app has ended.
process.on("message", () => void sdk.shutdown());
