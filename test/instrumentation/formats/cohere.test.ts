import { CohereClientV2 } from "cohere-ai";
import { afterAll, beforeAll, expect, test } from "vitest";

import { cohereAnswer } from "../../../instrumentation/src/tap/formats/cohere.ts";
import { recogniseCall } from "../../../instrumentation/src/tap/provider-call.ts";
import { tapThisProcess } from "../tapped-process.ts";
import type { TappedProcess } from "../tapped-process.ts";

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] } });
});
afterAll(() => tapped.close());

const EVERY_HOST = { allowed: [], denied: [] };

test.each([
  ["https://api.cohere.com/v2/chat", "chat", "chat"],
  ["https://api.cohere.ai/v1/generate", "chat", "text_completion"],
  ["https://api.cohere.com/v1/embed", "embedding", "embeddings"],
  ["https://api.cohere.com/v2/rerank", "rerank", "rerank"],
])("a POST to %s is recognised as Cohere's %s, operation %s", (url, eventType, operation) => {
  expect(recogniseCall("POST", url, EVERY_HOST)!.endpoint).toMatchObject({ eventType, operation, provider: "cohere" });
});

test("an app's own /v1/chat is Cohere's only where the host is named", () => {
  const url = "https://gateway.example.com/v1/chat";
  expect(recogniseCall("POST", url, EVERY_HOST)).toBeNull();
  expect(recogniseCall("POST", url, { allowed: ["*.example.com"], denied: [] })).not.toBeNull();
});

test.each([
  [
    {
      billed_units: { input_tokens: 5, output_tokens: 4 },
      tokens: { input_tokens: 70, output_tokens: 5 },
      cached_tokens: 2,
    },
    { inputTokens: 5, outputTokens: 4, cacheReadTokens: 2 },
  ],
  [{ tokens: { input_tokens: 70, output_tokens: 5 } }, { inputTokens: 70, outputTokens: 5 }],
  [{ billed_units: { input_tokens: 5, image_tokens: 90 } }, { inputTokens: 95, outputTokens: 0 }],
  [{ billed_units: { search_units: 1 } }, { searchUnits: 1 }],
  [{ api_version: { version: "2" } }, null],
])("Cohere's usage %j is read as %j", (usage, expected) => {
  expect(cohereAnswer.usage(usage)).toEqual(expected);
});

test("a rerank's search units are kept and its tokens stay unknown", async () => {
  const cohere = new CohereClientV2({ token: "k", environment: tapped.provider.url });
  await cohere.rerank({ model: "rerank-x", query: "Hello", documents: ["a"] });
  const [span] = await tapped.receiver.waitFor("rerank", 1);
  expect(span!.attributes).toMatchObject({
    "gen_ai.operation.name": "rerank",
    "gen_ai.provider.name": "cohere",
    "gen_ai.request.model": "rerank-x",
    "quotel.metadata.search_units": 1,
    "quotel.usage.source": "provider",
  });
  expect(span!.attributes).not.toHaveProperty("gen_ai.usage.input_tokens");
});
