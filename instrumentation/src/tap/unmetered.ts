import type { ClientRequest } from "node:http";

import { warnOnce } from "../process/warn.ts";
import { isMeteredNow, isPassedOn } from "./attempt/under-way.ts";
import { isMetered } from "./host-rules.ts";
import type { HostRules } from "./host-rules.ts";
import { subscribeAll } from "./node-http/channels.ts";
import { isProviderHost, recogniseCall } from "./provider-call.ts";

/** What every copy of undici publishes, Node's own and those an app has installed. */
interface UndiciRequest {
  readonly origin?: URL | string;
  readonly path?: string;
  readonly method?: string;
  readonly upgrade?: unknown;
}

/**
 * Warns once for each provider's host that is called past the taps: through a `fetch` taken before they were installed, by a
 * copy of undici that the app has installed and uses directly, or over a WebSocket, which no tap reads. A call to a host while
 * another one to it is metered may go unnoticed; none is warned about wrongly. What `QUOTEL_METER_HOSTS` leaves out is not
 * warned about. Returns a function that ends that.
 */
export function installUnmeteredWarning(hosts: HostRules): () => void {
  return subscribeAll({
    "undici:request:create": (message) => {
      const { request } = message as { request: UndiciRequest };
      if (request.upgrade === "websocket") warnOfWebSocket(String(request.origin), hosts);
      else warnOfBypass(request, hosts);
    },
    "http.client.request.created": (message) => {
      const { request } = message as { request: ClientRequest };
      if (String(request.getHeader("upgrade")).toLowerCase() !== "websocket") return;
      warnOfWebSocket(`${request.protocol}//${String(request.getHeader("host") ?? request.host)}`, hosts);
    },
  });
}

function warnOfBypass({ origin, path, method }: UndiciRequest, hosts: HostRules): void {
  // Most requests are no calls of a model, and most of those that are have been seen: the cheapest questions first.
  if (method !== "POST" || isPassedOn() || origin === undefined || path === undefined) return;
  const call = recogniseCall(method, new URL(path, origin).href, hosts);
  if (call === null || !call.isKnownHost || isMeteredNow(call.url.host)) return;
  const { host } = call.url;
  warnOnce(
    `QUOTEL_UNMETERED_CALL ${host}`,
    `a call to ${host} is not metered: its client took fetch before register was loaded, or uses an undici of its own. Start the ` +
      "app with --import @quotel/instrumentation/register and let the client use Node's fetch (`fetch: globalThis.fetch` in most " +
      `SDKs) or node:http; if it is not to be metered, add !${host} to QUOTEL_METER_HOSTS`,
  );
}

function warnOfWebSocket(origin: string, hosts: HostRules): void {
  const url = new URL(origin);
  if (!isProviderHost(url, hosts) || !isMetered(url, hosts)) return;
  const { host } = url;
  warnOnce(
    `QUOTEL_UNMETERED_SOCKET ${host}`,
    `what a WebSocket to ${host} consumes is not metered: record it by recordUsage(); if it is not to be metered, add !${host} to ` +
      "QUOTEL_METER_HOSTS",
  );
}
