import { setTimeout as sleep } from "node:timers/promises";
import { aiSdkCalls } from "./ai-sdk.ts";
import { anthropicCalls } from "./anthropic.ts";
import { bedrockCalls } from "./bedrock.ts";
import { cohereCalls } from "./cohere.ts";
import type { Fault } from "./faults.ts";
import { FAULTS } from "./faults.ts";
import { googleCalls } from "./google.ts";
import { langchainCalls } from "./langchain.ts";
import { openai4Calls } from "./openai-4.ts";
import { openai5Calls, openai6Calls, openaiCalls } from "./openai.ts";
import type { SdkCall, SdkCalls } from "./sdk-call.ts";

/** Every SDK whose calls are proven to be metered and untouched. */
export const SDKS: Readonly<Record<string, SdkCalls>> = {
  openai: openaiCalls,
  "openai-6": openai6Calls,
  "openai-5": openai5Calls,
  "openai-4": openai4Calls,
  "ai-sdk": aiSdkCalls,
  langchain: langchainCalls,
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
}).flatMap((call) => faultsOf(call).map((fault) => [call.name, fault.mode, fault.name, fault]));

/** The faults that a call can have. */
export function faultsOf(call: SdkCall): Fault[] {
  const { neverEnds = [], hangs = [] } = call;
  const nameOf = ({ mode, name }: Fault): string => `${mode}, ${name}`;
  const possible = FAULTS.filter((fault) => call[fault.mode] !== undefined && !neverEnds.includes(nameOf(fault)));
  return possible.map((fault) => (hangs.includes(nameOf(fault)) ? { ...fault, use: waitInVain(fault) } : fault));
}

/** Waits a while, in which the SDK must not come back to the app. */
function waitInVain(fault: Fault): Fault["use"] {
  return async (call, model) => Promise.race([fault.use(call, model), sleep(600, "no answer")]);
}

function allCalls(provider: Parameters<SdkCalls>[0]): SdkCall[] {
  return Object.values(SDKS).flatMap((calls) => calls(provider));
}
