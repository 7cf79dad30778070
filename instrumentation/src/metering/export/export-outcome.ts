import type { HttpResult } from "../../process/http-sender.ts";

/**
 * What the collector's answer means for the batch (OTLP/HTTP, "Failures"; where it lets a client give up we do not, because
 * the batch is money).
 */
export type ExportOutcome =
  | { readonly kind: "accepted"; readonly rejectedItems: number }
  /** Try again, not before `afterMs` if given. `timedOut`: it may only be slow. */
  | { readonly kind: "retry"; readonly afterMs: number | null; readonly timedOut: boolean }
  /** 413: send less at once. */
  | { readonly kind: "too_large" }
  /** 400: the collector cannot read it and never will. */
  | { readonly kind: "unreadable" }
  /** Wrong key, or something else than a collector answers: an operator has to act; kept and tried again meanwhile. */
  | { readonly kind: "misconfigured"; readonly status: number };

/** Judges an answer; pure. `nowMs` serves Retry-After dates. */
export function judgeAnswer(result: HttpResult, nowMs: number): ExportOutcome {
  if (result.kind === "unreachable") return { kind: "retry", afterMs: null, timedOut: result.reason === "timeout" };
  const { status } = result;
  if (status >= 200 && status < 300) return { kind: "accepted", rejectedItems: rejectedItems(result.text) };
  if (status === 413) return { kind: "too_large" };
  // A collector explains itself in the encoding of the request; a page of a proxy's says nothing about the items.
  if (status === 400 && isJson(result.headers["content-type"])) return { kind: "unreadable" };
  if (status === 408 || status === 429 || status >= 500) {
    return { kind: "retry", afterMs: retryAfterMs(result.headers["retry-after"], nowMs), timedOut: false };
  }
  return { kind: "misconfigured", status };
}

function isJson(contentType: string | undefined): boolean {
  return /^\s*application\/json\b/i.test(contentType ?? "");
}

/** `Retry-After` in milliseconds, seconds or HTTP date alike; null where absent or unreadable. */
function retryAfterMs(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}

/** Items that are not counted and must not be sent again (`partialSuccess`), under whichever name of the three signals. */
function rejectedItems(text: string): number {
  if (!text.includes('"rejected')) return 0;
  try {
    const { partialSuccess = {} } = JSON.parse(text) as { partialSuccess?: Readonly<Record<string, unknown>> };
    const { rejectedSpans, rejectedDataPoints, rejectedLogRecords } = partialSuccess;
    return Number(rejectedSpans ?? rejectedDataPoints ?? rejectedLogRecords) || 0;
  } catch {
    return 0;
  }
}
