import { beforeEnd, inBackground } from "../process/background.ts";
import { requestHolders } from "../tenant/holders.ts";
import { hookImports } from "./hook-imports.ts";
import { requestMarks, tenantMarks } from "./request-marks.ts";

/**
 * Starts OpenTelemetry's NodeSDK with the upstream instrumentations of `http`, Express and `fetch`. Where its spans go, and
 * how they are sampled, `OTEL_*` say, as for any app; metrics and logs are left alone. Its spans get the tenant; the SERVER
 * spans, too, the id of our event, beside which they do not count.
 *
 * Rejects where one of these packages, which are optional peers, is not installed.
 */
export async function startSdk(): Promise<void> {
  const [{ ProxyTracerProvider, trace }, { NodeSDK }, { HttpInstrumentation }, express, undici] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-node"),
    import("@opentelemetry/instrumentation-http"),
    import("@opentelemetry/instrumentation-express"),
    import("@opentelemetry/instrumentation-undici"),
  ]);
  await hookImports(["http", "https", "express"]);
  const sdk = new NodeSDK({
    instrumentations: [
      new HttpInstrumentation({
        // Runs when the response has ended: whatever names the tenant has done so.
        applyCustomAttributesOnSpan(span, request) {
          const served = requestHolders().get(request);
          span.setAttributes(tenantMarks(served));
          if (served !== undefined) span.setAttributes(requestMarks(served));
        },
      }),
      new express.ExpressInstrumentation({ requestHook: (span) => void span.setAttributes(tenantMarks()) }),
      new undici.UndiciInstrumentation({ requestHook: (span) => void span.setAttributes(tenantMarks()) }),
    ],
    // Span processors of ours would take the place of the exporter that `OTEL_*` configure.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const provider = trace.getTracerProvider();
  if (provider instanceof ProxyTracerProvider) flushBeforeEnd(provider.getDelegate());
}

/** The spans of the last seconds are exported before the process ends, within the time that our own usage has. */
function flushBeforeEnd(provider: object): void {
  if (!("forceFlush" in provider) || typeof provider.forceFlush !== "function") return; // switched off by OTEL_SDK_DISABLED
  const forceFlush: () => Promise<void> = provider.forceFlush.bind(provider);
  // A trace backend that is away is the SDK's to report.
  beforeEnd().add(() => void inBackground(forceFlush().catch(() => {})));
}
