import { SpanKind, trace } from "@opentelemetry/api";
import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import { afterEach, beforeEach, expect, test } from "vitest";

import { setTenant, withTenant } from "@quotel/instrumentation";
import { meteringSpanProcessor } from "@quotel/instrumentation/span-processor";

import { holderStorage } from "../../../instrumentation/src/tenant/holders.ts";
import type { Holder } from "../../../instrumentation/src/tenant/holder.ts";
import { newHolder } from "../../../instrumentation/src/tenant/tenant.ts";
import { startAppTracing, stopAppTracing } from "./app-tracing.ts";
import type { AppTracing } from "./app-tracing.ts";

let tracing: AppTracing;

beforeEach(() => {
  const processor: SpanProcessor = meteringSpanProcessor();
  tracing = startAppTracing({ processors: (exporting) => [processor, exporting] });
});
afterEach(stopAppTracing);

/** Work of a request, as `register` begins it. */
function inRequest(holder: Holder, work: () => void): void {
  holderStorage().run(holder, work);
}

function start(kind: SpanKind) {
  return trace.getTracer("app").startSpan("work", { kind });
}

const request = { method: "GET", url: "/things", headers: {} };

test("a SERVER span of a request says whose it is and which event counts it, and does not count itself", () => {
  const holder = newHolder(request);
  inRequest(holder, () => {
    const span = start(SpanKind.SERVER);
    setTenant("acme");
    span.end();
  });
  expect(tracing.spans().map(({ attributes }) => attributes)).toEqual([
    { "quotel.tenant.id": "acme", "quotel.counted": false, "quotel.event.span_id": holder.spanId },
  ]);
});

test("the SERVER span of a request whose path is ignored counts neither, and names no event", () => {
  inRequest(newHolder(request, null, true), () => start(SpanKind.SERVER).end());
  expect(tracing.spans().map(({ attributes }) => attributes)).toEqual([{ "quotel.counted": false }]);
});

test("every other span gets the tenant of the work that started it, wherever it ends", () => {
  const spans = ["acme", "globex"].map((tenant) => withTenant(tenant, () => start(SpanKind.INTERNAL)));
  withTenant("initech", () => spans.forEach((span) => span.end()));
  expect(tracing.spans().map(({ attributes }) => attributes)).toEqual([
    { "quotel.tenant.id": "acme" },
    { "quotel.tenant.id": "globex" },
  ]);
});

test("a SERVER span of work that is no request of ours counts as before", () => {
  withTenant("acme", () => start(SpanKind.SERVER).end());
  expect(tracing.spans().map(({ attributes }) => attributes)).toEqual([{ "quotel.tenant.id": "acme" }]);
});

test("a span that nobody's work started stays as it is", () => {
  start(SpanKind.SERVER).end();
  expect(tracing.spans().map(({ attributes }) => attributes)).toEqual([{}]);
});

test("spans of an SDK that does not tell when they are ending get the tenant known when they start", () => {
  stopAppTracing();
  const older: SpanProcessor = { ...meteringSpanProcessor() };
  delete older.onEnding;
  tracing = startAppTracing({ processors: (exporting) => [older, exporting] });
  withTenant("acme", () => start(SpanKind.CLIENT)).end();
  expect(tracing.spans().map(({ attributes }) => attributes)).toEqual([{ "quotel.tenant.id": "acme" }]);
});
