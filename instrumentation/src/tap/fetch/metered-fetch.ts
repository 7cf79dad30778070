import type { Attempt } from "../attempt/attempt.ts";
import { observerFor } from "../body/observer-for.ts";
import { tapBody } from "./tapped-body.ts";
import { withBody } from "./tapped-response.ts";
import type { ProviderCall } from "../provider-call.ts";

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
  /** The headers of `args`. */
  readonly headers: Headers;
  readonly signal: AbortSignal | null;
  readonly call: ProviderCall;
  /** Starts the record of one attempt. */
  readonly begin: () => Attempt;
  readonly limits: TapLimits;
}

/** Hosts that answered 400 to `stream_options`: they are not asked for usage again. */
const hostsWithoutUsage = new Set<string>();

/** Makes a recognised call and meters it, asking for a stream's usage where the caller did not. */
export async function meteredFetch(original: Fetch, metered: MeteredCall): Promise<Response> {
  const { url, facts } = metered.call;
  const asking = hostsWithoutUsage.has(url.host) ? null : facts.askingForUsage;
  const body = asking === null ? null : JSON.stringify(asking);
  const response = await oneAttempt(original, metered, body);
  if (body === null || (response.status !== 400 && response.status !== 422)) return response;
  // Some compatible servers reject what we added. Nothing was consumed, so the caller's own request goes out instead.
  const complaint = await response
    .clone()
    .text()
    .catch(() => "");
  if (!complaint.includes("stream_options")) return response;
  hostsWithoutUsage.add(url.host);
  await response.body?.cancel();
  return oneAttempt(original, metered, null);
}

async function oneAttempt(original: Fetch, metered: MeteredCall, asking: string | null): Promise<Response> {
  const { call, signal } = metered;
  const attempt = metered.begin();
  const upstream = new AbortController();
  const forwardAbort = () => upstream.abort(signal?.reason);
  signal?.addEventListener("abort", forwardAbort, { once: true });
  let response: Response;
  try {
    response = await original(...upstreamArguments(metered, asking, upstream.signal));
  } catch (error) {
    signal?.removeEventListener("abort", forwardAbort);
    attempt.finish({ kind: "unanswered", error }, null);
    throw error;
  }
  if (!response.ok || response.body === null) {
    attempt.finish(response.ok ? { kind: "complete" } : { kind: "refused", httpStatus: response.status }, null);
    return response;
  }
  // From here on an abort ends the caller's body, and the upstream only after its usage was read.
  signal?.removeEventListener("abort", forwardAbort);
  const observer = observerFor(call.endpoint.answer, (name) => response.headers.get(name), {
    stream: call.facts.stream,
    hideUnasked: asking !== null,
  });
  const body = tapBody(response.body, observer, {
    ...metered.limits,
    signal,
    abortUpstream: () => upstream.abort(),
    onEnd: (end) => attempt.finish(end, observer.finding()),
  });
  return withBody(response, body);
}

/** The caller's arguments with our signal and, if we ask for usage, our body. The caller's objects are not changed. */
function upstreamArguments(
  { args: [input, init], headers: given }: MeteredCall,
  asking: string | null,
  signal: AbortSignal,
): Parameters<Fetch> {
  if (asking === null) return [input, { ...init, signal }];
  const headers = new Headers(given);
  headers.delete("content-length"); // fetch computes the new body's
  return [input, { ...init, headers, body: asking, signal }];
}
