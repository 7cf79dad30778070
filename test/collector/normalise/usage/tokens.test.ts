import fc from "fast-check";
import { expect, test } from "vitest";
import { eventOf } from "./span-of.ts";

const CHAT = { "gen_ai.operation.name": "chat" };

test("inclusive counts are kept as they are, exclusive ones are added and flagged", () => {
  const count = fc.nat(100_000);
  fc.assert(
    fc.property(count, count, count, (input, read, write) => {
      const event = eventOf({
        ...CHAT,
        "gen_ai.usage.input_tokens": input,
        "gen_ai.usage.cache_read.input_tokens": read,
        "gen_ai.usage.cache_write.input_tokens": write,
      });
      const exclusive = read + write > input;
      expect(event.inputTokens).toBe(exclusive ? input + read + write : input);
      expect(event.flags).toEqual(exclusive ? ["cache_exclusive"] : []);
      expect([event.cacheReadTokens, event.cacheWriteTokens]).toEqual([read, write]);
    }),
  );
});

test("absent counts stay unknown beside a known zero", () => {
  expect(eventOf({ ...CHAT, "gen_ai.usage.input_tokens": 0 })).toMatchObject({
    inputTokens: 0,
    outputTokens: null,
    cacheReadTokens: null,
    usageSource: "provider",
  });
  expect(eventOf({ ...CHAT, "gen_ai.usage.cache_read.input_tokens": 5 })).toMatchObject({
    inputTokens: null,
    flags: [],
  });
});

test("counts as strings and as whole doubles are integers", () => {
  const event = eventOf({ ...CHAT, "gen_ai.usage.input_tokens": "12", "gen_ai.usage.output_tokens": -0 });
  expect([event.inputTokens, event.outputTokens]).toStrictEqual([12, 0]);
});

test.each([
  [{ "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 5, "gen_ai.usage.total_tokens": 11 }, true],
  [{ "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 5, "gen_ai.usage.total_tokens": 10 }, false],
  [{ "gen_ai.usage.output_tokens": 5, "gen_ai.usage.reasoning.output_tokens": 6 }, true],
  [{ "gen_ai.usage.output_tokens": 5, "gen_ai.usage.reasoning.output_tokens": 5 }, false],
])("contradicting counts are flagged: %o -> %s", (counts, flagged) => {
  expect(eventOf({ ...CHAT, ...counts }).flags).toEqual(flagged ? ["usage_conflict"] : []);
});

test.each(["provider", "partial", "estimated", "none"])("the sender's usage source %s is believed", (source) => {
  expect(eventOf({ ...CHAT, "quotel.usage.source": source, "gen_ai.usage.input_tokens": 1 }).usageSource).toBe(source);
});

test("a usage source outside the list is not believed", () => {
  expect(eventOf({ ...CHAT, "quotel.usage.source": "divination" }).usageSource).toBe("none");
});

test.each([
  ["OpenAI", "openai"],
  ["openai.chat", "openai"],
  ["anthropic.messages", "anthropic"],
  ["amazon-bedrock", "aws.bedrock"],
  ["aws.bedrock", "aws.bedrock"],
  ["AWS", "aws.bedrock"],
  ["google.generative-ai", "gcp.gemini"],
  ["vertex_ai", "gcp.vertex_ai"],
  ["azure-openai.responses", "azure.ai.openai"],
  ["xai.chat", "x_ai"],
  ["llama.local", "llama.local"],
])("the provider %s is known as %s", (name, canonical) => {
  expect(eventOf({ ...CHAT, "gen_ai.provider.name": name }).provider).toBe(canonical);
});

test("tokens named as the resource count once, not again from the token attributes", () => {
  const attributes = { "quotel.resource": "tokens", "quotel.amount": 15, "gen_ai.usage.input_tokens": 15 };
  expect(eventOf(attributes)).toMatchObject({ resource: "tokens", amount: 15, inputTokens: null });
});
