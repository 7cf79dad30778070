import { anthropicCalls } from "./anthropic.ts";
import { bedrockCalls } from "./bedrock.ts";
import { cohereCalls } from "./cohere.ts";
import type { Fault } from "./faults.ts";
import { FAULTS } from "./faults.ts";
import { googleCalls } from "./google.ts";
import { openaiCalls } from "./openai.ts";
import type { SdkCall, SdkCalls } from "./sdk-call.ts";

/** Every SDK whose calls are proven to be metered and untouched. */
export const SDKS: Readonly<Record<string, SdkCalls>> = {
  openai: openaiCalls,
  anthropic: anthropicCalls,
  google: googleCalls,
  cohere: cohereCalls,
  bedrock: bedrockCalls,
};

/** A call of that name with a client of its own: a client keeps the `fetch` it was built with. */
export function sdkCall(name: string, provider: Parameters<SdkCalls>[0]): SdkCall {
  return allCalls(provider).find((call) => call.name === name)!;
}

/** Every call of every SDK with every fault it can have, as rows of a test table. */
export const CALLS_WITH_FAULTS: readonly (readonly [call: string, mode: string, fault: string, Fault])[] = allCalls({
  url: "http://127.0.0.1:1",
  http2Url: "http://127.0.0.1:1",
}).flatMap((call) =>
  FAULTS.filter((fault) => call[fault.mode] !== undefined).map((fault) => [call.name, fault.mode, fault.name, fault]),
);

function allCalls(provider: Parameters<SdkCalls>[0]): SdkCall[] {
  return Object.values(SDKS).flatMap((calls) => calls(provider));
}
