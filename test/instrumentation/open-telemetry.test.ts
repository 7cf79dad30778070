import { AsyncLocalStorage } from "node:async_hooks";
import { ROOT_CONTEXT, TraceFlags, context, propagation, trace } from "@opentelemetry/api";
import type { Context, ContextManager } from "@opentelemetry/api";
import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, TracerProvider } from "@opentelemetry/sdk-trace";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { withoutTracing } from "../../instrumentation/src/process/open-telemetry.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

let tapped: TappedProcess;
let openai: OpenAI;

beforeAll(async () => {
  tapped = await tapThisProcess();
  openai = new OpenAI({ apiKey: "k", baseURL: `${tapped.provider.url}/v1` });
});
afterEach(async () => {
  await tapped.reset();
  trace.disable();
  context.disable();
});
afterAll(() => tapped.close());

/** A context manager as every Node SDK brings one. */
class AsyncContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }
  with: ContextManager["with"] = (active, fn, thisArg, ...args) =>
    this.#storage.run(active, () => Reflect.apply(fn, thisArg, args));
  bind: ContextManager["bind"] = (_active, target) => target;
  enable(): this {
    return this;
  }
  disable(): this {
    this.#storage.disable();
    return this;
  }
}

function chat() {
  return openai.chat.completions.create({ model: "m", messages: [{ role: "user", content: "Hello" }] });
}

test("metering registers no OpenTelemetry global", async () => {
  await chat();
  await tapped.receiver.waitFor("chat", 1);
  expect(trace.setGlobalTracerProvider(new TracerProvider())).toBe(true);
  expect(context.setGlobalContextManager(new AsyncContextManager())).toBe(true);
  expect(propagation.fields()).toEqual([]);
});

test.each([
  ["always on", new AlwaysOnSampler()],
  ["always off", new AlwaysOffSampler()],
  ["off by an unsampled remote parent", new ParentBasedSampler({ root: new AlwaysOnSampler() })],
])("what is metered does not depend on a sampler that is %s, and carries the app's trace", async (name, sampler) => {
  context.setGlobalContextManager(new AsyncContextManager());
  trace.setGlobalTracerProvider(new TracerProvider({ sampler }));
  const remote = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: TraceFlags.NONE, isRemote: true };
  const parent = name.includes("remote") ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
  const span = trace.getTracer("app").startSpan("work", {}, parent);
  await context.with(trace.setSpan(parent, span), chat);
  span.end();
  const [metered] = await tapped.receiver.waitFor("chat", 1);
  expect(metered!.attributes["gen_ai.usage.input_tokens"]).toBe(11);
  expect([metered!.traceId, metered!.parentSpanId]).toEqual([span.spanContext().traceId, span.spanContext().spanId]);
});

test("requests of our own make no span in the app's tracing", () => {
  context.setGlobalContextManager(new AsyncContextManager());
  trace.setGlobalTracerProvider(new TracerProvider({ sampler: new AlwaysOnSampler() }));
  const start = () => trace.getTracer("http").startSpan("POST");
  expect(start().isRecording()).toBe(true);
  expect(withoutTracing(start).isRecording()).toBe(false);
});
