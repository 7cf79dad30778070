import { INPUT_TOKENS, WORDS } from "../../instrumentation/providers/script.ts";
import type { UseName } from "./app/uses.ts";

const CALL = INPUT_TOKENS + WORDS.length;
/** The scripted provider cuts a stream behind this word. */
const WORDS_BEFORE_CUT = 4;

export interface Case {
  readonly name: string;
  readonly use: UseName;
  /** What the provider bills: what it read and wrote, whether or not it got round to saying so. */
  readonly billed: number;
  /** What is compared with it: all tokens, or the cached part of the input. */
  readonly counted?: "tokens" | "cached";
  /** Whether the app ends by `process.exit()` behind the use. */
  readonly exits?: true;
  /** Whether the collector refuses everything until the app has ended. */
  readonly collectorAway?: true;
  /** The traces the use happens in, one after the other, of which the app's sampler keeps a tenth. */
  readonly traces?: readonly string[];
  /** Why ours may be less than exact. */
  readonly excuse?: string;
}

/** Evenly spread over what a sampler decides by, the first in the tenth that is kept. */
const TEN_TRACES = Array.from({ length: 10 }, (_, index) => `${"0".repeat(16)}${toHex(index * 0.1 + 0.05)}`);

export const CASES: readonly Case[] = [
  { name: "`create`", use: "create", billed: CALL },
  { name: "`create`: cached input", use: "create", billed: 3, counted: "cached" },
  { name: "`create().withResponse()`", use: "createWithResponse", billed: CALL },
  { name: "`create().asResponse()`", use: "createAsResponse", billed: CALL },
  { name: "`create`, retried by the SDK after a 500", use: "createWithRetry", billed: CALL },
  { name: "`create`, refused (429) to the end", use: "createRefused", billed: 0 },
  { name: "a stream, usage not asked for", use: "stream", billed: CALL },
  { name: "a stream, usage asked for", use: "streamWithUsage", billed: CALL },
  { name: "… with `withResponse()`", use: "streamWithResponse", billed: CALL },
  { name: "… with `tee()`", use: "streamTee", billed: CALL },
  { name: "… left by `break`", use: "streamBreak", billed: CALL },
  { name: "… aborted", use: "streamAbort", billed: CALL },
  { name: "… never read", use: "streamUnread", billed: CALL },
  {
    name: "… cut by the provider",
    use: "streamCut",
    billed: INPUT_TOKENS + WORDS_BEFORE_CUT,
    excuse: "the provider tells usage in the last chunk, which never came",
  },
  { name: "`chat.completions.stream()`", use: "streamHelper", billed: CALL },
  { name: "`responses.create`", use: "responses", billed: CALL },
  { name: "`responses.create`, streamed", use: "responsesStream", billed: CALL },
  { name: "… that ends `incomplete`", use: "responsesIncomplete", billed: CALL },
  { name: "`embeddings.create`", use: "embeddings", billed: 7 },
  { name: "100 calls at once, half of them streams", use: "hundredAtOnce", billed: 100 * CALL },
  { name: "10 calls, a tenth of traces sampled", use: "create", billed: 10 * CALL, traces: TEN_TRACES },
  { name: "`process.exit()` right after the call", use: "create", billed: CALL, exits: true },
  { name: "the collector is away until the app restarts", use: "create", billed: CALL, collectorAway: true },
];

/** The last half of a trace id whose value is that fraction of the greatest. */
function toHex(fraction: number): string {
  const first = Math.floor(fraction * 2 ** 32);
  return first.toString(16).padStart(8, "0").padEnd(16, "0");
}
