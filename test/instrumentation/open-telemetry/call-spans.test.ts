import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import type { Attributes, Span } from "@opentelemetry/api";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { callSpans } from "../../../instrumentation/src/open-telemetry/call-span.ts";
import { holderStorage } from "../../../instrumentation/src/tenant/holders.ts";
import { newHolder, setTenant, withTenant } from "../../../instrumentation/src/tenant/tenant.ts";
import { tapThisProcess } from "../tapped-process.ts";
import type { TappedProcess } from "../tapped-process.ts";
import { startAppTracing, stopAppTracing } from "./app-tracing.ts";

let tapped: TappedProcess;
let openai: OpenAI;

beforeAll(async () => {
  tapped = await tapThisProcess();
  openai = new OpenAI({ apiKey: "k", baseURL: `${tapped.provider.url}/v1`, maxRetries: 1 });
});
afterEach(async () => {
  await tapped.reset();
  stopAppTracing();
  callSpans().on = true;
});
afterAll(() => tapped.close());

const messages = [{ role: "user" as const, content: "Hello" }];

function chat(user = "normal") {
  return openai.chat.completions.create({ model: "m", messages, user });
}

/** Runs `fn` inside a span of the app's own. */
async function inside<T>(attributes: Attributes, fn: () => Promise<T>): Promise<Span> {
  const span = trace.getTracer("app").startSpan("work", { attributes });
  await context.with(trace.setSpan(context.active(), span), fn);
  span.end();
  return span;
}

function idsOf(span: ReadableSpan): { traceId: string; parentSpanId: string | undefined } {
  return { traceId: span.spanContext().traceId, parentSpanId: span.parentSpanContext?.spanId };
}

test("a provider call is a CLIENT span under the app's own, with the tenant and the tokens, that does not count", async () => {
  const tracing = startAppTracing();
  const parent = await inside({}, () => withTenant("acme", () => chat()));
  const [recorded] = await tapped.receiver.waitFor("chat", 1);
  const [span] = tracing.callSpans();
  expect(tracing.spans()).toHaveLength(2);
  expect(span).toMatchObject({ name: "chat m", kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
  expect(idsOf(span!)).toEqual({ traceId: recorded!.traceId, parentSpanId: parent.spanContext().spanId });
  expect(span!.attributes).toEqual({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.system": "openai",
    "gen_ai.request.model": "m",
    "gen_ai.response.model": "m-2026",
    "gen_ai.response.id": expect.stringMatching(/^chatcmpl-/),
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 6,
    "gen_ai.usage.cache_read.input_tokens": 3,
    "gen_ai.usage.reasoning.output_tokens": 1,
    "openai.response.service_tier": "default",
    "server.address": "127.0.0.1",
    "server.port": Number(new URL(tapped.provider.url).port),
    "quotel.usage.source": "provider",
    "quotel.tenant.id": "acme",
    "quotel.counted": false,
    "quotel.event.span_id": recorded!.spanId,
  });
});

test("a tenant that becomes known while a call is under way is on its span, as it is on its record", async () => {
  const tracing = startAppTracing();
  await holderStorage().run(newHolder({ headers: {} }), async () => {
    const answered = chat();
    setTenant("late");
    await answered;
  });
  const [recorded] = await tapped.receiver.waitFor("chat", 1);
  const [span] = tracing.callSpans();
  expect([recorded, span].map((one) => one!.attributes["quotel.tenant.id"])).toEqual(["late", "late"]);
});

test("a call without a span around it is a trace of its own, and its record is of that trace", async () => {
  const tracing = startAppTracing();
  await chat();
  const [recorded] = await tapped.receiver.waitFor("chat", 1);
  expect(tracing.callSpans().map(idsOf)).toEqual([{ traceId: recorded!.traceId, parentSpanId: undefined }]);
});

test("each attempt of an operation is a span, a failed one with its error", async () => {
  const tracing = startAppTracing();
  await chat("fails_once");
  await tapped.receiver.waitFor("chat", 2);
  expect(
    tracing
      .callSpans()
      .map(({ status, attributes }) => [
        status.code,
        attributes["error.type"],
        attributes["http.request.resend_count"],
      ]),
  ).toEqual([
    [SpanStatusCode.ERROR, "500", undefined],
    [SpanStatusCode.UNSET, undefined, 1],
  ]);
});

test("a stream's span ends with the stream, under the span that was active when the call was made", async () => {
  const tracing = startAppTracing();
  const parent = await inside({}, async () => {
    const stream = await openai.chat.completions.create({ model: "m", messages, stream: true });
    await inside({}, async () => {
      for await (const chunk of stream) expect(chunk.object).toBe("chat.completion.chunk");
    });
  });
  const [recorded] = await tapped.receiver.waitFor("chat", 1);
  const [span] = tracing.callSpans();
  expect(idsOf(span!)).toEqual({ traceId: recorded!.traceId, parentSpanId: parent.spanContext().spanId });
  expect(span!.attributes).toMatchObject({ "gen_ai.request.stream": true, "gen_ai.usage.output_tokens": 6 });
});

test("QUOTEL_TRACE_SPANS=off leaves the app's traces alone, and the record in the app's trace", async () => {
  callSpans().on = false;
  const tracing = startAppTracing();
  const parent = await inside({ "gen_ai.operation.name": "chat" }, () => chat());
  const [recorded] = await tapped.receiver.waitFor("chat", 1);
  expect(tracing.spans().map(({ name, attributes }) => [name, attributes])).toEqual([
    ["work", { "gen_ai.operation.name": "chat" }],
  ]);
  expect([recorded!.traceId, recorded!.parentSpanId]).toEqual([
    parent.spanContext().traceId,
    parent.spanContext().spanId,
  ]);
});

test.each([
  ["OpenTelemetry's conventions", { "gen_ai.operation.name": "chat" }],
  ["OpenLLMetry", { "gen_ai.system": "OpenAI", "llm.request.type": "chat" }],
  ["OpenInference", { "openinference.span.kind": "LLM" }],
  ["the AI SDK", { "ai.operationId": "ai.generateText.doGenerate", "gen_ai.system": "openai.chat" }],
])(
  "where another instrumentation's span shows the call in the words of %s, it is marked and no second one made",
  async (_whose, words) => {
    const tracing = startAppTracing();
    await inside(words, () => withTenant("acme", () => chat("fails_once")));
    const recorded = await tapped.receiver.waitFor("chat", 2);
    expect(tracing.spans().map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        "work",
        {
          ...words,
          "quotel.tenant.id": "acme",
          "quotel.counted": false,
          "quotel.event.span_id": recorded.find((span) => span.statusCode === 0)!.spanId,
        },
      ],
    ]);
  },
);

test.each([
  ["an agent's", { "gen_ai.operation.name": "invoke_agent" }],
  ["a chain's", { "openinference.span.kind": "CHAIN" }],
  ["the AI SDK's outer one", { "ai.operationId": "ai.streamText" }],
  ["an embedding's", { "gen_ai.operation.name": "embeddings" }],
])("a span around the call that is not its own, such as %s, gets the call's span as a child", async (_whose, words) => {
  const tracing = startAppTracing();
  const parent = await inside(words, () => chat());
  expect(tracing.callSpans().map(idsOf)).toEqual([
    { traceId: parent.spanContext().traceId, parentSpanId: parent.spanContext().spanId },
  ]);
  expect(tracing.spans().find(({ name }) => name === "work")!.attributes).toEqual(words);
});

test("a span processor that throws when our span ends leaves the app with the answer, or the error, it would get without us", async () => {
  const failing: SpanProcessor = {
    onStart() {},
    onEnd() {
      throw new Error("no end");
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  startAppTracing({ processors: () => [failing] });
  await expect(chat("overloaded")).rejects.toMatchObject({
    status: 429,
    message: expect.stringContaining("slow down"),
  });
  expect((await chat()).id).toMatch(/^chatcmpl-/);
  await tapped.receiver.waitFor("chat", 3);
});

test("an embedding is shown by an embedding's span, and marks it", async () => {
  const tracing = startAppTracing();
  const embed = () => openai.embeddings.create({ model: "e", input: "Hello" });
  await inside({ "gen_ai.operation.name": "embeddings" }, embed);
  const [recorded] = await tapped.receiver.waitFor("embedding", 1);
  expect(tracing.spans().map(({ attributes }) => attributes["quotel.event.span_id"])).toEqual([recorded!.spanId]);
});
