import type { Attempt } from "./attempt/attempt.ts";
import type { BodyObserver } from "./body/finding.ts";
import { observeEventStream } from "./openai/event-stream.ts";
import { observeJsonBody } from "./openai/json-body.ts";
import type { RequestFacts } from "./openai/request-body.ts";
import { tapBody } from "./body/tapped-body.ts";
import { withBody } from "./body/tapped-response.ts";

export type Fetch = typeof globalThis.fetch;

export interface TapLimits {
  /** How long, and for how many bytes, a stream its caller has left is read on for its usage. 0 ms: not at all. */
  readonly drainMs: number;
  readonly drainBytes: number;
  /** A body that does not move for this long is recorded with what is known. */
  readonly stalledMs: number;
}

export interface MeteredCall {
  readonly args: Parameters<Fetch>;
  readonly signal: AbortSignal | null;
  readonly facts: RequestFacts;
  readonly url: URL;
  /** Starts the record of one attempt. */
  readonly begin: () => Attempt;
  readonly limits: TapLimits;
}

/** Hosts that answered 400 to `stream_options`: they are not asked for usage again. */
const hostsWithoutUsage = new Set<string>();

/** Makes a recognised call and meters it, asking for a stream's usage where the caller did not. */
export async function meteredFetch(original: Fetch, call: MeteredCall): Promise<Response> {
  const asking = hostsWithoutUsage.has(call.url.host) ? null : call.facts.bodyAskingForUsage;
  const response = await oneAttempt(original, call, asking);
  if (asking === null || (response.status !== 400 && response.status !== 422)) return response;
  // Some compatible servers reject what we added. Nothing was consumed, so the caller's own request goes out instead.
  const complaint = await response
    .clone()
    .text()
    .catch(() => "");
  if (!complaint.includes("stream_options")) return response;
  hostsWithoutUsage.add(call.url.host);
  await response.body?.cancel();
  return oneAttempt(original, call, null);
}

async function oneAttempt(original: Fetch, call: MeteredCall, asking: string | null): Promise<Response> {
  const attempt = call.begin();
  const upstream = new AbortController();
  const forwardAbort = () => upstream.abort(call.signal?.reason);
  call.signal?.addEventListener("abort", forwardAbort, { once: true });
  let response: Response;
  try {
    response = await original(...upstreamArguments(call.args, asking, upstream.signal));
  } catch (error) {
    call.signal?.removeEventListener("abort", forwardAbort);
    attempt.finish({ kind: "unanswered", error }, null);
    throw error;
  }
  if (!response.ok || response.body === null) {
    attempt.finish(response.ok ? { kind: "complete" } : { kind: "refused", httpStatus: response.status }, null);
    return response;
  }
  // From here on an abort ends the caller's body, and the upstream only after its usage was read.
  call.signal?.removeEventListener("abort", forwardAbort);
  const observer = observerFor(response, asking !== null);
  const body = tapBody(response.body, observer, {
    ...call.limits,
    signal: call.signal,
    abortUpstream: () => upstream.abort(),
    onEnd: (end) => attempt.finish(end, observer.finding()),
  });
  return withBody(response, body);
}

/** The caller's arguments with our signal and, if we ask for usage, our body. The caller's objects are not changed. */
function upstreamArguments(
  [input, init]: Parameters<Fetch>,
  asking: string | null,
  signal: AbortSignal,
): Parameters<Fetch> {
  if (asking === null) return [input, { ...init, signal }];
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  headers.delete("content-length"); // fetch computes the new body's
  return [input, { ...init, headers, body: asking, signal }];
}

function observerFor(response: Response, hideUsage: boolean): BodyObserver {
  const isEventStream = /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");
  return isEventStream ? observeEventStream({ hideUsage }) : observeJsonBody();
}
