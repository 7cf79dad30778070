import type { UsageSource } from "@quotel/conventions";

import type { Finding } from "../body/finding.ts";
import type { BodyEnd } from "../body/body-end.ts";
import type { TokenUsage } from "./token-usage.ts";

/** How an attempt ended: its body did, or there was none to read. */
export type AttemptEnd =
  | BodyEnd
  /** The provider answered with an error status. */
  | { readonly kind: "refused"; readonly httpStatus: number }
  /** No answer: network failure, or the caller gave up before one. */
  | { readonly kind: "unanswered"; readonly error: unknown };

export interface AttemptOutcome {
  readonly status: "ok" | "failed";
  readonly errorType: string | undefined;
  readonly usage: TokenUsage | null;
  readonly usageSource: UsageSource;
}

/**
 * What an attempt counts as. Pure.
 * Ok: the answer ended as it should, or the usage was reported before it was cut, or the caller stopped after it had got some
 * output. Everything else failed. Tokens are the provider's figures; where a body ended before the last of them, the streamed
 * pieces of output are a lower bound and marked `partial`; where there is nothing, tokens are unknown (`none`), not zero.
 */
export function judgeAttempt(end: AttemptEnd, finding: Finding | null): AttemptOutcome {
  const said = finding?.usage ?? null;
  const deltas = finding?.outputDeltas ?? 0;
  const readToTheEnd = end.kind === "complete" || (end.kind === "left" && end.drained);
  const final = finding?.complete === true || (readToTheEnd && finding?.errorType === undefined);
  const usage = final && said !== null ? said : atLeast(said, deltas);
  const usageSource = usage === null ? "none" : said !== null && final ? "provider" : "partial";
  const errorType = errorTypeOf(end, finding, final, deltas);
  return { status: errorType === undefined ? "ok" : "failed", errorType, usage, usageSource };
}

/** What was said so far, with no less output than was seen. */
function atLeast(said: TokenUsage | null, deltas: number): TokenUsage | null {
  if (deltas <= (said?.outputTokens ?? 0)) return said;
  return { ...said, outputTokens: deltas };
}

function errorTypeOf(end: AttemptEnd, finding: Finding | null, final: boolean, deltas: number): string | undefined {
  if (finding?.errorType !== undefined) return finding.errorType;
  if (end.kind === "refused") return String(end.httpStatus);
  if (end.kind === "unanswered") return nameOf(end.error);
  if (final) return undefined;
  if (end.kind === "cut") return nameOf(end.error);
  if (end.kind === "stalled") return "stalled";
  return deltas > 0 ? undefined : "aborted";
}

/** A short, low-cardinality name: the system's code where there is one, else the error's class. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "error";
  const { code } = (error.cause ?? error) as { code?: unknown };
  return typeof code === "string" ? code : error.name;
}
