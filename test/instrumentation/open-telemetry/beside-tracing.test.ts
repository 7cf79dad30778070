import { context, propagation, trace } from "@opentelemetry/api";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { withoutTracing } from "../../../instrumentation/src/open-telemetry/app-api.ts";
import { tapThisProcess } from "../tapped-process.ts";
import type { TappedProcess } from "../tapped-process.ts";
import { AsyncContextManager, startAppTracing, stopAppTracing } from "./app-tracing.ts";

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess();
});
afterEach(async () => {
  await tapped.reset();
  stopAppTracing();
});
afterAll(() => tapped.close());

test("metering registers no OpenTelemetry global", async () => {
  const openai = new OpenAI({ apiKey: "k", baseURL: `${tapped.provider.url}/v1` });
  await openai.chat.completions.create({ model: "m", messages: [{ role: "user", content: "Hello" }] });
  await tapped.receiver.waitFor("chat", 1);
  expect(trace.setGlobalTracerProvider(new TracerProvider())).toBe(true);
  expect(context.setGlobalContextManager(new AsyncContextManager())).toBe(true);
  expect(propagation.fields()).toEqual([]);
});

test("requests of our own make no span in the app's tracing", () => {
  startAppTracing();
  const start = () => trace.getTracer("http").startSpan("POST");
  expect(start().isRecording()).toBe(true);
  expect(withoutTracing(start).isRecording()).toBe(false);
});
