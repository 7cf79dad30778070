import { crypto } from "../../../process/crypto.ts";
import { subscribeAll } from "../../../tap/node-http/channels.ts";
import { currentTenant } from "../../tenant.ts";
import type { PropagationSettings } from "../settings.ts";
import { TENANT_HEADER } from "../signed-tenant.ts";
import { headerFor, isTold } from "./header-for.ts";

type Fetch = typeof globalThis.fetch;

/** What undici, which is Node's fetch, tells of a request that it is about to send; a redirect is another one. */
interface UndiciRequest {
  readonly origin: string | URL;
  /** Set by the app, if it is set. */
  readonly host: string | null | undefined;
  /** Name, value, name, value, ... */
  readonly headers: unknown[];
  addHeader(name: string, value: string): unknown;
}

/**
 * Signs requests made with `fetch`. Each is signed where it is sent, because fetch follows redirects by itself, and takes all headers
 * along but those it knows to be secrets. But there the current context may be that of another request, whose connection was
 * waited for. So `fetch` marks its requests with a random word, in the header's place, and the sending exchanges that for the
 * header or takes it out. Should a word ever get out, it means nothing to anybody.
 */
export function carryByFetch(settings: PropagationSettings): () => void {
  const tenants = new Map<string, string>();
  const unmark = markFetches(settings, tenants);
  const unsubscribe = subscribeAll({
    "undici:request:create": (message) => {
      const { request } = message as { request: UndiciRequest };
      const word = takeHeader(request.headers);
      const tenantId = word === undefined ? undefined : tenants.get(word);
      if (word === undefined || tenantId === undefined) return;
      const header = headerFor(tenantId, String(request.origin), request.host ?? null, settings);
      if (header !== null) return void request.addHeader(TENANT_HEADER, header);
      tenants.delete(word); // sent on to somebody else: whom they send it on to is not told either
    },
  });
  return () => {
    unmark();
    unsubscribe();
  };
}

/** Replaces `globalThis.fetch` by one that marks requests of tenants to hosts that are told, and passes all others on untouched. */
function markFetches(settings: PropagationSettings, tenants: Map<string, string>): () => void {
  const original = globalThis.fetch;

  async function marked(request: Request, tenantId: string): Promise<Response> {
    const word = crypto().randomBytes(16).toString("base64url");
    tenants.set(word, tenantId);
    try {
      request.headers.set(TENANT_HEADER, word);
      return await original(request);
    } finally {
      tenants.delete(word);
    }
  }

  function fetch(this: unknown, ...args: Parameters<Fetch>): Promise<Response> {
    const tenantId = goesToTold(args, settings) ? currentTenant() : null;
    const request = tenantId === null ? null : requestOf(args);
    if (request === null || tenantId === null) return Reflect.apply(original, this, args);
    return marked(request, tenantId);
  }
  Object.defineProperty(fetch, "length", { value: original.length });
  globalThis.fetch = fetch;
  return () => {
    globalThis.fetch = original;
  };
}

function goesToTold([input]: Parameters<Fetch>, settings: PropagationSettings): boolean {
  if (settings.hosts.allowed.length === 0) return false;
  try {
    const url = URL.parse(input instanceof Request ? input.url : String(input));
    return url !== null && isTold(url, settings);
  } catch {
    return false; // it has no text; fetch will complain
  }
}

/** The request that fetch makes of its arguments, too; null: fetch will complain about them. */
function requestOf([input, init]: Parameters<Fetch>): Request | null {
  try {
    return new Request(input, init);
  } catch {
    return null;
  }
}

/** Takes the header out, whoever has set it; its value. Changes `headers`. */
function takeHeader(headers: unknown[]): string | undefined {
  let value: string | undefined;
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    if (String(headers[at]).toLowerCase() === TENANT_HEADER) value = String(headers.splice(at, 2)[1]);
  }
  return value;
}
