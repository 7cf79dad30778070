import type { Meter } from "../metering/meter.ts";
import { warnOnce } from "../process/warn.ts";
import { beginAttempt } from "./attempt/attempt.ts";
import { captureContext } from "./call-context.ts";
import type { CallContext } from "./call-context.ts";
import { isMetered } from "./host-rules.ts";
import type { HostRules } from "./host-rules.ts";
import { meteredFetch } from "./metered-fetch.ts";
import type { Fetch, TapLimits } from "./metered-fetch.ts";
import { recognise } from "./openai/recognise.ts";
import type { RecognisedRequest } from "./openai/recognise.ts";
import { readRequestBody } from "./openai/request-body.ts";

export interface FetchTapOptions extends Partial<TapLimits> {
  readonly hosts: HostRules;
}

/**
 * Replaces `globalThis.fetch` by one that meters provider calls and passes everything else through untouched. Returns a
 * function that puts the old one back. A client that took `fetch` before is not seen.
 */
export function installFetchTap(meter: Meter, options: FetchTapOptions): () => void {
  const original = globalThis.fetch;
  const limits: TapLimits = {
    drainMs: options.drainMs ?? 5_000,
    drainBytes: options.drainBytes ?? 1_048_576,
    stalledMs: options.stalledMs ?? 300_000,
  };

  function fetch(this: unknown, ...args: Parameters<Fetch>): Promise<Response> {
    const request = recogniseCall(args, options.hosts);
    if (request === null) return Reflect.apply(original, this, args);
    return meterCall(meter, original, request, captureContext(), args, limits);
  }
  Object.defineProperty(fetch, "length", { value: original.length });
  globalThis.fetch = fetch;
  return () => {
    globalThis.fetch = original;
  };
}

/** Recognition must never throw into the app: whatever it cannot read is not a provider call. */
function recogniseCall([input, init]: Parameters<Fetch>, hosts: HostRules): RecognisedRequest | null {
  try {
    const isRequest = input instanceof Request;
    const request = recognise(
      init?.method ?? (isRequest ? input.method : "GET"),
      isRequest ? input.url : String(input),
    );
    return request !== null && isMetered(request.url, hosts) ? request : null;
  } catch {
    return null;
  }
}

async function meterCall(
  meter: Meter,
  original: Fetch,
  request: RecognisedRequest,
  context: CallContext,
  args: Parameters<Fetch>,
  limits: TapLimits,
): Promise<Response> {
  const [input, init] = args;
  const signal = init?.signal ?? (input instanceof Request ? input.signal : null);
  const text = bodyText(init?.body) ?? (input instanceof Request && !init?.body ? await copyOfBody(input) : null);
  const facts = text === null ? null : readRequestBody(request.eventType, text);
  if (facts === null) {
    warnOnce(
      "QUOTEL_UNREADABLE_REQUEST",
      `a call to ${request.url.host} looks like a provider call but its body is not: not metered`,
    );
    return original(...args);
  }
  if (signal?.aborted === true) return original(...args); // never reaches the provider
  const begin = () => beginAttempt(meter, request, facts, context);
  return meteredFetch(original, { args, signal, facts, url: request.url, begin, limits });
}

/** The body where it can be read without consuming it. */
function bodyText(body: unknown): string | null {
  if (typeof body === "string") return body;
  return body instanceof Uint8Array || body instanceof ArrayBuffer
    ? Buffer.from(body as Uint8Array).toString("utf8")
    : null;
}

async function copyOfBody(request: Request): Promise<string | null> {
  try {
    return await request.clone().text();
  } catch {
    return null; // used already, or aborted: fetch itself will say so
  }
}
