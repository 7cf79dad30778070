import type { ApiError, Decision } from "@quotel/conventions";

import type { HttpResult } from "../../process/http-sender.ts";

/** The service's objection to a request itself: a bad key, an unknown resource or tenant. */
export interface Rejected {
  readonly kind: "rejected";
  readonly status: number;
  readonly error: ApiError["error"];
}

/** What the service has said, its objection, or nobody's answer. */
export type ReadOutcome<T> = { readonly kind: "done"; readonly value: T } | Rejected | { readonly kind: "unreachable" };

const PASSED_ON = /^(retry-after|ratelimit|ratelimit-policy|x-ratelimit-(limit|remaining|reset))$/;

/** 429 is a denial and 5xx no answer at all: the service could not decide. */
export function unanswered(result: HttpResult): result is Extract<HttpResult, { kind: "unreachable" }> {
  return result.kind === "unreachable" || result.status >= 500;
}

/** A decision, allowed or denied, whatever the status; null if the body is none. */
export function decisionIn(answer: HttpResult): Decision | null {
  const body = answer.kind === "answered" ? parse(answer.text) : null;
  const isDecision = typeof body === "object" && body !== null && typeof (body as Decision).allowed === "boolean";
  return isDecision ? (body as Decision) : null;
}

/** An answer that is no decision. */
export function readAnswer<T>(answer: HttpResult): ReadOutcome<T> {
  if (unanswered(answer)) return { kind: "unreachable" };
  return answer.status < 300 ? { kind: "done", value: parse(answer.text) as T } : rejected(answer);
}

export function rejected(answer: HttpResult): Rejected {
  if (answer.kind !== "answered") return { kind: "rejected", status: 0, error: { code: "UNREACHABLE", message: "" } };
  const body = parse(answer.text) as Partial<ApiError> | null;
  const error = body?.error ?? { code: "UNEXPECTED_ANSWER", message: answer.text.slice(0, 200) };
  return { kind: "rejected", status: answer.status, error };
}

/** `Retry-After` and the rate limit fields. */
export function passedOn(answer: HttpResult): Record<string, string> {
  if (answer.kind !== "answered") return {};
  const entries = Object.entries(answer.headers).filter(([name]) => PASSED_ON.test(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
