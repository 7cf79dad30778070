import { expect, test } from "vitest";

import { withTenant } from "@quotel/instrumentation";
import { messages, meterOpenAi, read, tokens } from "./openai-calls.ts";

const { receiver, provider, openai, streamed, reported } = await meterOpenAi();

test("a streamed chat is metered although the caller did not ask for usage", async () => {
  const text = await withTenant("acme", async () => read(await streamed("normal")));
  expect(text).toContain("🎉");
  const spans = await receiver.waitFor("chat", 1);
  expect(provider.bodies.at(-1)).toMatchObject({ stream_options: { include_usage: true } });
  expect(reported()).toBeGreaterThan(0);
  expect(tokens(spans)).toBe(reported());
});

test("a caller that breaks out of a stream is still metered in full", async () => {
  await withTenant("acme", async () => {
    for await (const chunk of await streamed("normal")) if (chunk.choices[0]?.delta.content) break;
  });
  const spans = await receiver.waitFor("chat", 1);
  expect(spans[0]!.statusCode).toBe(0);
  expect(reported()).toBeGreaterThan(0);
  expect(tokens(spans)).toBe(reported());
});

test("a caller that aborts a stream is still metered in full", async () => {
  await withTenant("acme", async () => {
    const stream = await streamed("normal");
    let seen = 0;
    for await (const _ of stream) if (++seen === 3) stream.controller.abort();
  });
  const spans = await receiver.waitFor("chat", 1);
  expect(tokens(spans)).toBe(reported());
});

test("a stream that never ends is read on for a bounded time and recorded as partial", async () => {
  const startedAt = performance.now();
  for await (const chunk of await streamed("hangs")) if (chunk.choices[0]?.delta.content) break;
  const spans = await receiver.waitFor("chat", 1);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(spans[0]!.statusCode).toBe(0);
  expect(tokens(spans, "partial")).toBe(6);
});

test("a stream that stalls while its caller waits is recorded with what is known", async () => {
  const controller = new AbortController();
  const reading = openai.chat.completions
    .create({ model: "m", messages, stream: true, user: "hangs" }, { signal: controller.signal })
    .then(read);
  const spans = await receiver.waitFor("chat", 1);
  controller.abort();
  await reading;
  expect(spans[0]!.attributes["error.type"]).toBe("stalled");
  expect(tokens(spans, "partial")).toBe(6);
});

test("a stream cut before its usage failed, and its output is counted and marked partial", async () => {
  await expect(withTenant("acme", async () => read(await streamed("cut_before_usage")))).rejects.toThrow("terminated");
  const spans = await receiver.waitFor("chat", 1);
  expect(spans[0]!.statusCode).toBe(2);
  expect(tokens(spans, "partial")).toBe(4);
  expect(spans[0]!.attributes).not.toHaveProperty("gen_ai.usage.input_tokens");
  expect(reported()).toBe(0);
});

test("a stream cut after its usage is metered with the provider's figures", async () => {
  await expect(withTenant("acme", async () => read(await streamed("cut_after_usage")))).rejects.toThrow("terminated");
  const spans = await receiver.waitFor("chat", 1);
  expect(spans[0]!.statusCode).toBe(0);
  expect(tokens(spans)).toBe(reported());
});

test.each(["usage_in_every_chunk", "groq_usage"] as const)("usage sent as %s is counted once", async (user) => {
  await read(await streamed(user));
  const spans = await receiver.waitFor("chat", 1);
  expect(tokens(spans)).toBe(reported());
  expect(reported()).toBe(17);
});

test("an error inside a stream is a failed event that keeps the output seen as partial", async () => {
  await expect(streamed("error_in_stream").then(read)).rejects.toThrow("engine died");
  const spans = await receiver.waitFor("chat", 1);
  expect(spans[0]!.attributes["error.type"]).toBe("server_error");
  expect(tokens(spans, "partial")).toBe(4);
});

test("a server that rejects stream_options gets the caller's own request and is not asked again", async () => {
  expect(await streamed("rejects_stream_options").then(read)).toContain("Grüße");
  expect(provider.bodies.slice(-2).map((body) => "stream_options" in body)).toEqual([true, false]);
  expect(await streamed("rejects_stream_options").then(read)).toContain("Grüße");
  const spans = await receiver.waitFor("chat", 3);
  expect(spans.map((span) => span.attributes["quotel.usage.source"])).toEqual(["none", "partial", "partial"]);
});
