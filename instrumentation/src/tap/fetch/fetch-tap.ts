import type { Meter } from "../../metering/meter.ts";
import { beginAttempt } from "../attempt/attempt.ts";
import { passOn } from "../attempt/under-way.ts";
import { captureContext } from "../call-context.ts";
import type { CallContext } from "../call-context.ts";
import type { HostRules } from "../host-rules.ts";
import { meteredFetch } from "./metered-fetch.ts";
import type { Fetch, TapLimits } from "./metered-fetch.ts";
import { readCall, recogniseCall } from "../provider-call.ts";
import type { RecognisedCall } from "../provider-call.ts";
import { requestFields } from "./request-fields.ts";

/**
 * Replaces `globalThis.fetch` by one that meters provider calls and passes everything else through untouched. Returns a
 * function that puts the old one back. A client that took `fetch` before is not seen.
 */
export function installFetchTap(meter: Meter, hosts: HostRules, limits: TapLimits): () => void {
  const original = globalThis.fetch;
  const send: Fetch = (...args) => passOn(() => original(...args));

  function fetch(this: unknown, ...args: Parameters<Fetch>): Promise<Response> {
    const call = recogniseFetch(args, hosts);
    if (call === null) return Reflect.apply(original, this, args);
    return meterCall(meter, send, call, captureContext(), args, limits);
  }
  Object.defineProperty(fetch, "length", { value: original.length });
  globalThis.fetch = fetch;
  return () => {
    globalThis.fetch = original;
  };
}

/** Recognition must never throw into the app: whatever it cannot read is not a provider call. */
function recogniseFetch([input, init]: Parameters<Fetch>, hosts: HostRules): RecognisedCall | null {
  try {
    const isRequest = input instanceof Request;
    const method = init?.method ?? (isRequest ? input.method : "GET");
    return recogniseCall(method, isRequest ? input.url : String(input), hosts);
  } catch {
    return null;
  }
}

async function meterCall(
  meter: Meter,
  send: Fetch,
  recognised: RecognisedCall,
  context: CallContext,
  args: Parameters<Fetch>,
  limits: TapLimits,
): Promise<Response> {
  const [input, init] = args;
  const signal = init?.signal ?? (input instanceof Request ? input.signal : null);
  const reading = requestFields(args);
  const body = reading instanceof Promise ? await reading : reading;
  if (signal?.aborted === true) return send(...args); // never reaches the provider
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  const call = readCall(recognised, body, (name) => headers.get(name));
  if (call === null) return send(...args);
  const begin = () => beginAttempt(meter, call, context);
  return meteredFetch(send, { args, headers, signal, call, begin, limits });
}
