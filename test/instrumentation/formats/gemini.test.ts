import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { observeJsonSequence } from "../../../instrumentation/src/tap/body/json-sequence.ts";
import { MessageReader } from "../../../instrumentation/src/tap/body/message-reader.ts";
import { recognise } from "../../../instrumentation/src/tap/formats/formats.ts";
import { geminiAnswer } from "../../../instrumentation/src/tap/formats/gemini/answer.ts";
import { tapThisProcess } from "../tapped-process.ts";
import type { TappedProcess } from "../tapped-process.ts";

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess({ drainMs: 300 });
});
afterEach(() => tapped.reset());
afterAll(() => tapped.close());

const GOOGLE = "https://generativelanguage.googleapis.com/v1beta";
const VERTEX = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1";

test.each([
  [`${GOOGLE}/models/gemini-x:generateContent?key=k`, "chat", "generate_content", "gcp.gemini", "gemini-x"],
  [`${GOOGLE}/tunedModels/mine:streamGenerateContent?alt=sse`, "chat", "generate_content", "gcp.gemini", "mine"],
  [`${GOOGLE}/models/e:batchEmbedContents`, "embedding", "embeddings", "gcp.gemini", "e"],
  [`${GOOGLE}/interactions`, "chat", "generate_content", "gcp.gemini", undefined],
  [`${VERTEX}/publishers/google/models/g:streamGenerateContent`, "chat", "generate_content", "gcp.vertex_ai", "g"],
  [`${VERTEX}/endpoints/42:generateContent`, "chat", "generate_content", "gcp.vertex_ai", "42"],
  [`${VERTEX}/publishers/google/models/e:predict`, "embedding", "embeddings", "gcp.vertex_ai", "e"],
])("a POST to %s is recognised as %s, %s of %s with model %s", (url, eventType, operation, provider, model) => {
  expect(recognise(new URL(url))).toMatchObject({ eventType, operation, provider, model });
});

test.each([
  `${GOOGLE}/models/g:countTokens`,
  `${GOOGLE}/models/g:batchGenerateContent`,
  `${GOOGLE}/interactions/i1/cancel`,
  `${GOOGLE}/cachedContents`,
])("a POST to %s consumes no Gemini tokens", (url) => {
  expect(recognise(new URL(url))).toBeNull();
});

test("an image asked for by the path of Vertex AI's embeddings is no embedding", () => {
  const endpoint = recognise(new URL(`${VERTEX}/publishers/google/models/imagen:predict`))!;
  expect(endpoint.readRequest({ instances: [{ prompt: "a cat" }] })).toBeNull();
});

test.each([
  [
    { promptTokenCount: 10, candidatesTokenCount: 4, thoughtsTokenCount: 3, totalTokenCount: 17 },
    { inputTokens: 10, outputTokens: 7, reasoningTokens: 3 },
  ],
  [
    { promptTokenCount: 10, toolUsePromptTokenCount: 5, cachedContentTokenCount: 8, totalTokenCount: 19 },
    { inputTokens: 15, outputTokens: 4, cacheReadTokens: 8 },
  ],
  [{ promptTokenCount: 10 }, { inputTokens: 10, outputTokens: 0 }],
  [{ trafficType: "ON_DEMAND" }, null],
])("Gemini's usage %j is read as %j", (usage, expected) => {
  expect(geminiAnswer.usage(usage)).toEqual(expected);
});

test("however a JSON array is laid out and cut into chunks, every object in it is read", () => {
  const texts = fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 6 });
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      texts,
      sizes,
      fc.constantFrom(0, 2),
      fc.constantFrom(["[", ",", "]"], ["", "\n", "\n"]),
      (all, pieces, indent, marks) => {
        const message = (text: string, index: number) => ({
          candidates: [{ content: { parts: [{ text }, { note: 'a "quoted" {brace} \\' }] } }],
          usageMetadata: { promptTokenCount: 5, candidatesTokenCount: index, totalTokenCount: 5 + index },
        });
        const [open, between, close] = marks;
        const body = `${open}${all.map((text, index) => JSON.stringify(message(text, index), null, indent)).join(between)}${close}`;
        const observer = observeJsonSequence(new MessageReader(geminiAnswer));
        const bytes = Buffer.from(body);
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = pieces[turn % pieces.length]!;
          observer.chunk(bytes.subarray(at, at + size));
          at += size;
        }
        const { usage, outputDeltas } = observer.finding();
        expect(usage).toEqual({ inputTokens: 5, outputTokens: all.length - 1 });
        expect(outputDeltas).toBe(all.filter((text) => text !== "").length);
      },
    ),
  );
});

async function post(path: string, body: object): Promise<string> {
  const response = await fetch(tapped.provider.url + path, { method: "POST", body: JSON.stringify(body) });
  return response.text();
}
async function metered(eventType: string): Promise<number> {
  const spans = await tapped.receiver.waitFor(eventType, 1);
  expect(spans.map((span) => span.attributes["quotel.usage.source"])).toEqual(["provider"]);
  const { attributes } = spans[0]!;
  return Number(attributes["gen_ai.usage.input_tokens"]) + Number(attributes["gen_ai.usage.output_tokens"]);
}
function reported(): number {
  return tapped.provider.ledger.inputTokens + tapped.provider.ledger.outputTokens;
}

test.each([
  ["a stream as a JSON array", "/v1beta/models/g:streamGenerateContent", { contents: [] }, "chat"],
  [
    "Vertex AI's older embeddings",
    "/v1/projects/p/publishers/google/models/e:predict",
    { instances: [{ content: "Hi" }] },
    "embedding",
  ],
  ["an interaction", "/v1beta/interactions", { model: "g", input: "Hi" }, "chat"],
  ["a streamed interaction", "/v1beta/interactions", { model: "g", input: "Hi", stream: true }, "chat"],
])("%s is metered with Gemini's figures", async (_, path, body, eventType) => {
  await post(path, body);
  expect(await metered(eventType)).toBe(reported());
  expect(reported()).toBeGreaterThan(0);
});

test("a JSON array cut in the middle is recorded with the usage so far", async () => {
  await expect(post("/v1beta/models/cut_before_usage:streamGenerateContent", { contents: [] })).rejects.toThrow(
    "terminated",
  );
  const [span] = await tapped.receiver.waitFor("chat", 1);
  expect(span!.attributes).toMatchObject({
    "quotel.usage.source": "partial",
    "gen_ai.usage.input_tokens": 15,
    "gen_ai.usage.output_tokens": 6,
  });
});
