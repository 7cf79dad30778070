import type { EmbeddingRequest } from "../request.ts";
import { seededRandom } from "./seeded-random.ts";
import { countInputTokens, inputsOf } from "./tokens.ts";

const DIMENSIONS_DEFAULT = 1536;
const DIMENSIONS_MAX = 3072;

/** The answer to an embedding request and its input tokens; embeddings have no output tokens. */
export interface Embedding {
  readonly body: object;
  readonly inputTokens: number;
}

/** Embeds every input as a vector that depends on nothing but the input, as numbers or as base64 of 32-bit floats. */
export function embed(request: EmbeddingRequest): Embedding {
  const dimensions = Math.min(request.dimensions ?? DIMENSIONS_DEFAULT, DIMENSIONS_MAX);
  const inputTokens = countInputTokens(request.input);
  const data = inputsOf(request.input).map((input, index) => {
    const vector = vectorOf(JSON.stringify(input), dimensions);
    const embedding =
      request.encoding_format === "base64" ? Buffer.from(vector.buffer).toString("base64") : Array.from(vector);
    return { object: "embedding", index, embedding };
  });
  const usage = { prompt_tokens: inputTokens, total_tokens: inputTokens };
  return { body: { object: "list", data, model: request.model, usage }, inputTokens };
}

function vectorOf(text: string, dimensions: number): Float32Array {
  const random = seededRandom(text);
  return Float32Array.from({ length: dimensions }, () => random() * 2 - 1);
}
