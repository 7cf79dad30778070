import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { wireUsage, type Completion } from "./completion.ts";
import { cut, deliver } from "../delivery.ts";
import type { Fault } from "../faults.ts";
import type { Usage } from "../ledger.ts";

const CONTENT_CHUNKS_MAX = 12;
/** Between the delivered usage chunk and the cut: a reader that is merely busy must not lose what arrived in time. */
const CUT_GRACE_MS = 60;

export interface StreamOptions {
  readonly includeUsage: boolean;
  readonly fault: Fault;
  readonly latencyMs: number;
}

/** What the stream cost and whether its usage reached the wire. */
export interface StreamOutcome {
  readonly usage: Usage;
  readonly reported: boolean;
}

/**
 * Sends a completion as server-sent events (`chat.completion.chunk`). The usage chunk has no choices, comes last and
 * only if asked for (`stream_options.include_usage`). A caller who leaves stops the work: it costs what was sent.
 */
export async function streamCompletion(
  res: ServerResponse,
  completion: Completion,
  options: StreamOptions,
): Promise<StreamOutcome> {
  const chunk = (choices: readonly object[], usage: object | null = null): string =>
    event({
      id: completion.id,
      object: "chat.completion.chunk",
      created: completion.created,
      model: completion.model,
      choices,
      ...(options.includeUsage && { usage }),
    });
  const unreported = (outputTokens: number): StreamOutcome => ({
    usage: { inputTokens: completion.usage.inputTokens, outputTokens },
    reported: false,
  });

  res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  const groups = groupWords(completion.words);
  const cutAfterGroups = options.fault === "cut_before_usage" ? Math.ceil(groups.length / 2) : Infinity;
  if (!(await deliver(res, chunk([delta({ role: "assistant", content: "" })])))) return unreported(0);

  let sentTokens = 0;
  for (const [index, words] of groups.entries()) {
    if (index === cutAfterGroups) break;
    await sleep(options.latencyMs);
    if (!(await deliver(res, chunk([delta({ content: words.join("") })])))) return unreported(sentTokens);
    sentTokens += words.length;
  }
  if (options.fault === "cut_before_usage") {
    cut(res);
    return unreported(sentTokens);
  }

  if (!(await deliver(res, chunk([delta({}, completion.finishReason)])))) return unreported(sentTokens);
  const reported = options.includeUsage && (await deliver(res, chunk([], wireUsage(completion.usage))));
  if (options.fault === "cut_after_usage") {
    await sleep(CUT_GRACE_MS);
    cut(res);
  } else {
    res.end("data: [DONE]\n\n");
  }
  return { usage: completion.usage, reported };
}

function groupWords(words: readonly string[]): readonly (readonly string[])[] {
  const size = Math.max(1, Math.ceil(words.length / CONTENT_CHUNKS_MAX));
  const groups = [];
  for (let start = 0; start < words.length; start += size) groups.push(words.slice(start, start + size));
  return groups;
}

function delta(content: object, finishReason: string | null = null): object {
  return { index: 0, delta: content, logprobs: null, finish_reason: finishReason };
}

function event(payload: object): string {
  return `data: ${JSON.stringify(payload)}\n\n`;
}
