import { warnOnce } from "../process/warn.ts";
import { inputText } from "./estimate/input-text.ts";
import type { KeptText } from "./estimate/kept-text.ts";
import { estimates } from "./estimate/setting.ts";
import { knownProviderOf } from "./attempt/provider-name.ts";
import { isAllowedByName, isMetered } from "./host-rules.ts";
import type { HostRules } from "./host-rules.ts";
import { recognise } from "./formats/formats.ts";
import type { Fields } from "./formats/fields.ts";
import type { Endpoint, HeaderGetter, RequestFacts } from "./formats/wire-format.ts";

/** A request to a provider, by its URL. */
export interface RecognisedCall {
  readonly url: URL;
  readonly endpoint: Endpoint;
  /** The host is one of a known provider, or allowed by name. */
  readonly isKnownHost: boolean;
}

/** A request to a provider whose body was read. */
export interface ProviderCall extends RecognisedCall {
  readonly facts: RequestFacts;
  /** How often its SDK says it has sent the same operation before (`http.request.resend_count`); undefined = it does not say. */
  readonly resendCount: number | undefined;
  /** What the model was given to read, where its tokens may have to be estimated; null: it is not kept, or not known. */
  readonly input: KeptText | null;
}

/** Recognises a call that is to be metered; null = none of ours. Pure. */
export function recogniseCall(method: string, address: string, hosts: HostRules): RecognisedCall | null {
  if (method.toUpperCase() !== "POST") return null;
  const url = URL.parse(address);
  const endpoint = url === null ? null : recognise(url);
  if (url === null || endpoint === null || !isMetered(url, hosts)) return null;
  const isKnownHost = isProviderHost(url, hosts);
  return endpoint.onAnyHost || isKnownHost ? { url, endpoint, isKnownHost } : null;
}

/** Whether a URL's host is one of a known provider, or allowed by name. Pure. */
export function isProviderHost(url: URL, hosts: HostRules): boolean {
  return knownProviderOf(url.hostname) !== undefined || isAllowedByName(url, hosts);
}

/** What is known of a call by its body (null: it cannot be read) and its headers; null: it is not metered. */
export function readCall(recognised: RecognisedCall, body: Fields | null, header: HeaderGetter): ProviderCall | null {
  const facts = body === null ? factsUnread(recognised) : recognised.endpoint.readRequest(body);
  if (facts === null) return null;
  const input = body !== null && estimates().on ? inputText(body) : null;
  return { ...recognised, facts, resendCount: resendCountOf(header), input };
}

/**
 * What is known of a request whose body cannot be read (an upload as a stream, say): on a host known to be a provider's it is
 * taken for what its path says. Null: not metered.
 */
function factsUnread({ url, endpoint, isKnownHost }: RecognisedCall): RequestFacts | null {
  if (endpoint.unread !== undefined) return endpoint.unread;
  if (isKnownHost) return { model: undefined, stream: false, askingForUsage: null };
  warnOnce(
    "QUOTEL_UNREADABLE_REQUEST",
    `a call to ${url.host} looks like a provider call, but its body cannot be read: not metered unless QUOTEL_METER_HOSTS names the host`,
  );
  return null;
}

/**
 * How often an operation has been sent before, as its SDK writes it on each attempt: `x-stainless-retry-count: 1` (OpenAI,
 * Anthropic), `amz-sdk-request: attempt=2; max=3` (AWS).
 */
export function resendCountOf(header: HeaderGetter): number | undefined {
  const retries = /^\d{1,4}$/.exec(header("x-stainless-retry-count") ?? "")?.[0];
  if (retries !== undefined) return Number(retries);
  const attempt = /\battempt=(\d{1,4})\b/.exec(header("amz-sdk-request") ?? "")?.[1];
  return attempt === undefined ? undefined : Math.max(0, Number(attempt) - 1);
}
