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
  [{ "gen_ai.usage.input_tokens": 5, "gen_ai.usage.total_tokens": 5 }, false],
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

test.each([
  ["google.vertex.chat", "gcp.vertex_ai"],
  ["google.generative-ai", "gcp.gemini"],
  ["azure.ai.inference", "azure.ai.inference"],
  ["azure.ai.openai", "azure.ai.openai"],
  ["amazon-bedrock.converse", "aws.bedrock"],
  ["togetherai.chat", "togetherai"],
  ["moonshotai.chat", "moonshot_ai"],
  ["ibm.watsonx.ai", "ibm.watsonx.ai"],
])("of the dotted provider %s the longest known beginning counts: %s", (name, canonical) => {
  expect(eventOf({ ...CHAT, "gen_ai.system": name }).provider).toBe(canonical);
});

test.each([
  ["0.9.9", true],
  ["0.26.12", true],
  ["0.27.0", true],
  ["0.27.1", false],
  ["0.28.0-beta.1", false],
  ["1.0", false],
  ["", false],
])("OpenLLMetry's Anthropic input of version %j is exclusive: %s", (version, isExclusive) => {
  const scope = { name: "@traceloop/instrumentation-anthropic", version };
  const counts = { "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.cache_read.input_tokens": 10 };
  expect(eventOf({ ...CHAT, ...counts }, { scope })).toMatchObject({
    inputTokens: isExclusive ? 1010 : 1000,
    flags: isExclusive ? ["cache_exclusive"] : [],
  });
});

test("a total that is right only with the cache beside the input proves it for a producer we do not know", () => {
  const counts = {
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 10,
  };
  expect(eventOf({ ...CHAT, ...counts, "gen_ai.usage.total_tokens": 1017 })).toMatchObject({
    inputTokens: 1010,
    flags: ["cache_exclusive"],
    detail: { "raw.gen_ai.usage.input_tokens": 1000, "raw.gen_ai.usage.total_tokens": 1017 },
  });
  expect(eventOf({ ...CHAT, ...counts, "gen_ai.usage.total_tokens": 1007 })).toMatchObject({
    inputTokens: 1000,
    flags: [],
    detail: null,
  });
});

test("Langfuse's buckets add up to input and output, whatever they are", () => {
  const count = fc.nat(100_000);
  const buckets = fc.record(
    {
      input: count,
      input_cached_tokens: count,
      input_cache_creation_5m: count,
      input_audio_tokens: count,
      output: count,
      output_reasoning_tokens: count,
      output_audio_tokens: count,
      seconds: fc.double({ noNaN: true, noDefaultInfinity: true }),
    },
    { requiredKeys: ["input", "output"] },
  );
  fc.assert(
    fc.property(buckets, (usage) => {
      const event = eventOf({
        "langfuse.observation.type": "generation",
        "langfuse.observation.usage_details": JSON.stringify(usage),
      });
      const sum = (prefix: string) =>
        Object.entries(usage).reduce((total, [name, value]) => (name.startsWith(prefix) ? total + value : total), 0);
      expect([event.inputTokens, event.outputTokens]).toEqual([sum("input"), sum("output")]);
      expect([event.cacheReadTokens, event.reasoningTokens]).toEqual([
        usage.input_cached_tokens ?? null,
        usage.output_reasoning_tokens ?? null,
      ]);
    }),
  );
});

test("a count of NaN is an unknown one, as in OTLP/JSON, which cannot say NaN", () => {
  expect(eventOf({ ...CHAT, "ai.usage.tokens": Number.NaN })).toMatchObject({ inputTokens: null, usageSource: "none" });
  const other = { "gen_ai.usage.input_tokens": Number.NaN, "gen_ai.usage.prompt_tokens": 4 };
  expect(eventOf({ ...CHAT, ...other }).inputTokens).toBe(4);
});
