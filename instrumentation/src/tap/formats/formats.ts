import { anthropic } from "./anthropic.ts";
import { bedrock } from "./bedrock/endpoints.ts";
import { cohere } from "./cohere.ts";
import { gemini } from "./gemini/endpoints.ts";
import { openai } from "./openai/endpoints.ts";
import type { Endpoint, WireFormat } from "./wire-format.ts";

/** Every wire format that is metered; the first that recognises a call reads it. */
const FORMATS: readonly WireFormat[] = [openai, anthropic, gemini, cohere, bedrock];

/** Recognises what a POST to this URL asks of a provider. Pure, and quick to say no: every POST of the app is asked. */
export function recognise(url: URL): Endpoint | null {
  for (const format of FORMATS) {
    const endpoint = format.recognise(url);
    if (endpoint !== null) return endpoint;
  }
  return null;
}
