import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest, OutgoingHttpHeaders } from "node:http";
import type { ClientHttp2Stream } from "node:http2";

import { isMetered } from "../../tap/host-rules.ts";
import type { HostRules } from "../../tap/host-rules.ts";
import { isOfUndici, markSocketOfUndici } from "../../tap/node-http/undici-socket.ts";
import { recogniseCall } from "../../tap/provider-call.ts";
import type { ObservedHost } from "./observation.ts";

/** What undici publishes; its headers are a list of names and values, of old versions one text. */
interface UndiciRequest {
  readonly origin: URL | string;
  readonly path: string;
  readonly method: string;
  readonly headers: readonly string[] | string;
}

/** An answer as undici publishes it, its headers a list of names and values. */
interface UndiciAnswer {
  readonly request: UndiciRequest;
  readonly response: { readonly statusCode: number; readonly headers: readonly (string | Uint8Array)[] };
}

/** Redirects that nobody has followed are not kept for ever. */
const REDIRECTS_MAX = 100;

/** Counts calls that look like a provider's, by host, whichever client makes them and whether they are metered or not. */
export class HostWatch {
  readonly seen: ObservedHost[] = [];
  readonly #rules: HostRules | null;
  /** Where calls have been sent on to (307, 308) and have not come to yet: there they are no further calls. */
  readonly #redirects: string[] = [];

  /** @param rules null: the settings are wrong, and no host is left out */
  constructor(rules: HostRules | null) {
    this.#rules = rules;
    subscribe("undici:request:create", (message) => {
      const { origin, path, method, headers } = (message as { request: UndiciRequest }).request;
      const address = `${String(origin)}${path}`;
      if (!this.#isRedirected(address)) this.#sent(method, address, undiciHeader(headers, "user-agent"));
    });
    subscribe("undici:request:headers", (message) => this.#answered(message as UndiciAnswer));
    subscribe("http.client.request.start", (message) => {
      const { request } = message as { request: ClientRequest };
      const host = String(request.getHeader("host") ?? request.host);
      this.#sent(request.method, `${request.protocol}//${host}${request.path}`, request.getHeader("user-agent"));
    });
    subscribe("undici:client:connected", markSocketOfUndici);
    subscribe("http2.client.stream.created", (message) => {
      const { stream, headers } = message as { stream: ClientHttp2Stream; headers: OutgoingHttpHeaders };
      if (isOfUndici(stream)) return; // counted as undici's request
      const at = `${String(headers[":scheme"])}://${String(headers[":authority"])}${String(headers[":path"])}`;
      this.#sent(String(headers[":method"]), at, headers["user-agent"]);
    });
  }

  /** Notes that a call was recorded. */
  metered(hostname: string, port: number): void {
    const of = this.seen.find(({ host }) => host === hostname || host === `${hostname}:${port}`);
    if (of !== undefined) of.metered += 1;
  }

  #sent(method: string, address: string, client: unknown): void {
    try {
      // Recognised whatever the rules say: that a host is left out is told, too.
      const call = recogniseCall(method, address, { allowed: [], denied: [] });
      const named = this.#rules === null ? null : recogniseCall(method, address, this.#rules);
      const url = call?.url ?? named?.url;
      if (url === undefined) return;
      const of = this.#hostOf(url);
      of.calls += 1;
      of.client ??= clientOf(client);
    } catch {
      // No address: nothing to tell.
    }
  }

  #answered({ request, response }: UndiciAnswer): void {
    // By other redirects a POST becomes a GET, which is no call.
    if (request.method !== "POST" || (response.statusCode !== 307 && response.statusCode !== 308)) return;
    const headers = response.headers.map((text) => Buffer.from(text).toString("latin1"));
    const to = URL.parse(undiciHeader(headers, "location") ?? "", `${String(request.origin)}${request.path}`);
    if (to === null) return;
    this.#redirects.push(to.href);
    if (this.#redirects.length > REDIRECTS_MAX) this.#redirects.shift();
  }

  #isRedirected(address: string): boolean {
    const at = this.#redirects.indexOf(URL.parse(address)?.href ?? "");
    if (at < 0) return false;
    this.#redirects.splice(at, 1);
    return true;
  }

  #hostOf(url: URL): ObservedHost {
    let of = this.seen.find(({ host }) => host === url.host);
    if (of === undefined) {
      const leftOut = this.#rules !== null && !isMetered(url, this.#rules);
      of = { host: url.host, calls: 0, metered: 0, leftOut, client: null };
      this.seen.push(of);
    }
    return of;
  }
}

function undiciHeader(headers: readonly string[] | string, name: string): string | undefined {
  if (typeof headers === "string") return new RegExp(`^${name}: *(.*)$`, "im").exec(headers)?.[1];
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}

/** The first product of a `User-Agent` with its version: `OpenAI/JS 7.57.0`, `aws-sdk-js/3.1136.0`. */
function clientOf(userAgent: unknown): string | null {
  return typeof userAgent === "string" ? (/^\S+(?: \d\S*)?/.exec(userAgent)?.[0] ?? null) : null;
}
