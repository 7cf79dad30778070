import { expect, test } from "vitest";
import { createPrice } from "../../../collector/price/price.ts";

const price = createPrice();

/** What a million input and a hundred thousand output tokens cost, in USD. */
function usd(provider: string, model: string): number | null {
  const nano = price({
    eventType: "chat",
    provider,
    model,
    serviceTier: null,
    endedAtMicros: Date.UTC(2026, 5, 1, 12) * 1000,
    inputTokens: 1_000_000,
    outputTokens: 100_000,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    detail: null,
  });
  return nano === null ? null : nano / 1e9;
}

test.each([
  ["openai", "gpt-4o", ["gpt-4o-2024-08-06", "GPT-4o", "openai/gpt-4o", "gpt-4o-2024-11-20"]],
  ["openai", "gpt-4o-mini", ["gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"]],
  [
    "anthropic",
    "claude-sonnet-4-0",
    ["claude-sonnet-4-20250514", "claude-sonnet-4@20250514", "anthropic/claude-sonnet-4-20250514"],
  ],
  ["anthropic", "claude-3-5-sonnet-20241022", ["claude-3-5-sonnet-latest", "claude-3.5-sonnet"]],
  [
    "aws.bedrock",
    "anthropic.claude-3-haiku-20240307-v1:0",
    [
      "us.anthropic.claude-3-haiku-20240307-v1:0",
      "eu.anthropic.claude-3-haiku-20240307-v1:0",
      "us-gov.anthropic.claude-3-haiku-20240307-v1:0",
      "bedrock/anthropic.claude-3-haiku-20240307-v1:0",
      "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
    ],
  ],
  [
    "gcp.vertex_ai",
    "gemini-2.5-pro",
    [
      "models/gemini-2.5-pro",
      "publishers/google/models/gemini-2.5-pro",
      "vertex_ai/gemini-2.5-pro",
      "gemini/gemini-2.5-pro",
    ],
  ],
  ["azure.ai.openai", "gpt-4o", ["gpt-4o-2024-08-06", "azure/gpt-4o"]],
  ["azure.ai.openai", "gpt-3.5-turbo", ["gpt-35-turbo"]],
  ["mistral_ai", "mistral-large-latest", ["mistral-large-2411", "mistral/mistral-large-latest"]],
])("%s knows %s by its other names", (provider, model, aliases) => {
  const expected = usd(provider, model);
  expect(expected).toBeGreaterThan(0);
  expect(aliases.map((alias) => [alias, usd(provider, alias)])).toEqual(aliases.map((alias) => [alias, expected]));
});

test("dated versions of a model that had different prices keep them", () => {
  expect(usd("openai", "gpt-4o-2024-05-13")).toBe(6.5);
  expect(usd("openai", "gpt-4o-2024-08-06")).toBe(3.5);
});

test("a region that costs more is not taken for the one that does not", () => {
  const [worldwide, regional] = ["global", "eu"].map((region) =>
    usd("aws.bedrock", `${region}.anthropic.claude-sonnet-4-5-20250929-v1:0`),
  );
  expect(worldwide).toBe(4.5);
  expect(regional).toBeCloseTo(4.95, 9);
});

test("another provider's model, or one behind a name of somebody's own, has no price", () => {
  expect(usd("openai", "anthropic/claude-sonnet-4-0")).toBeNull();
  expect(usd("openai", "azure/gpt-4o")).toBeNull();
  expect(usd("azure.ai.openai", "my-deployment")).toBeNull();
  expect(usd("vllm", "gpt-4o")).toBeNull();
  expect(usd("ollama", "llama3")).toBeNull();
});

test("a provider named after Azure has Azure's prices, also where OpenAI's name is in its own", () => {
  expect(usd("openai", "phi-4")).toBeNull();
  expect(usd("azure-openai-eu", "phi-4")).toBeGreaterThan(0);
});
