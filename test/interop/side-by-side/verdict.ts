import { isDeepStrictEqual } from "node:util";
import type { ReceivedSpan } from "../../instrumentation/otlp-receiver.ts";
import type { Case } from "./cases.ts";
import type { Observed } from "./run-case.ts";

/** The names under which the five say one thing, of which a span has at most one. */
const INPUT = ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"];
const OUTPUT = ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion"];
const CACHED = [
  "gen_ai.usage.cache_read.input_tokens",
  "gen_ai.usage.cache_read_input_tokens",
  "gen_ai.usage.prompt_tokens_details.cache_read",
  "llm.token_count.prompt_details.cache_read",
];

/** What a table says of one case under one instrumentation. `partial`: less than billed, and marked as such. */
export interface Verdict {
  readonly tokens: "exact" | "missing" | "partial" | "wrong";
  readonly recorded: number;
  /** `changed`: the app got something else than the bare one; `broken`: an error or another end where that had none. */
  readonly app: "same" | "changed" | "broken";
}

/** What spans say was used, as a consumer adds it up. */
export function recordedIn(spans: readonly ReceivedSpan[], counted: Case["counted"] = "tokens"): number {
  const wanted = counted === "cached" ? [CACHED] : [INPUT, OUTPUT];
  return spans.reduce((sum, span) => sum + wanted.reduce((all, names) => all + firstOf(span, names), 0), 0);
}

/** @param billed tokens the provider bills */
export function judgeTokens(spans: readonly ReceivedSpan[], billed: number, recorded: number): Verdict["tokens"] {
  if (recorded === billed) return "exact";
  if (recorded === 0) return "missing";
  const marked = spans.some(({ attributes }) => attributes["quotel.usage.source"] === "partial");
  return marked && recorded < billed ? "partial" : "wrong";
}

function firstOf({ attributes }: ReceivedSpan, names: readonly string[]): number {
  const name = names.find((one) => attributes[one] !== undefined);
  return name === undefined ? 0 : Number(attributes[name]);
}

/** What one run of an app came to, as `runCase` saw it. */
type AppRun = Observed["app"];

/** @param bare the same app with nothing but the `openai` package */
export function judgeApp(bare: AppRun, app: AppRun): Verdict["app"] {
  if (isDeepStrictEqual(bare, app)) return "same";
  return app.exitCode !== bare.exitCode || (hasResult(bare) && !hasResult(app)) ? "broken" : "changed";
}

function hasResult({ outcome }: AppRun): boolean {
  return typeof outcome === "object" && outcome !== null && "result" in outcome;
}
