import { expect, test } from "vitest";
import { eventOf } from "./span-of.ts";

const CHAT = { "gen_ai.operation.name": "chat" };

test("a span whose counters are taken as they are has no detail", () => {
  const counts = { "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 5, "gen_ai.usage.total_tokens": 10 };
  expect(eventOf({ ...CHAT, ...counts, "gen_ai.response.id": "r", "gen_ai.conversation.id": "c" }).detail).toBeNull();
});

test("the model asked for is kept only where another one answered", () => {
  const models = (request: string, response: string) =>
    eventOf({ ...CHAT, "gen_ai.request.model": request, "gen_ai.response.model": response }).detail;
  expect(models("gpt-4o", "gpt-4o-2024-08-06")).toBeNull();
  expect(models("openrouter/auto", "mistral-large")).toEqual({ request_model: "openrouter/auto" });
});

test("X7: of a repeated attempt it is kept which one it was, and of a first attempt nothing", () => {
  const tokens = { "gen_ai.usage.input_tokens": 5 };
  expect(eventOf({ ...CHAT, ...tokens, "http.request.resend_count": 2 }).detail).toEqual({
    "raw.http.request.resend_count": 2,
  });
  expect(eventOf({ ...CHAT, ...tokens }).detail).toBeNull();
});

test("metadata is bounded in entries, names and texts, and raw counters go before it", () => {
  const metadata = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`quotel.metadata.k${index}`, index]));
  const conflict = { "gen_ai.usage.input_tokens": 5, "gen_ai.usage.total_tokens": 99 };
  const { detail } = eventOf({
    ...CHAT,
    [`quotel.metadata.${"n".repeat(56)}`]: "name too long",
    "quotel.metadata.text": `${"x".repeat(255)}😀`,
    ...metadata,
    ...conflict,
  });
  expect(Object.keys(detail ?? {})).toHaveLength(32);
  expect(detail).toMatchObject({ "raw.gen_ai.usage.input_tokens": 5, "raw.gen_ai.usage.total_tokens": 99 });
  expect(detail).toHaveProperty(["metadata.text"], "x".repeat(255));
  expect(detail).not.toHaveProperty([`metadata.${"n".repeat(56)}`]);
});

test("a detail stays within four kibibytes of JSON, in bytes", () => {
  const texts = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`quotel.metadata.t${index}`, "ü".repeat(256)]),
  );
  const { detail } = eventOf({ ...CHAT, ...texts });
  const bytes = Buffer.byteLength(JSON.stringify(detail));
  expect(bytes).toBeLessThanOrEqual(4096);
  expect(bytes).toBeGreaterThan(3500);
});
