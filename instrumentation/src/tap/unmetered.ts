import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { warnOnce } from "../process/warn.ts";
import { isMeteredNow } from "./attempt/under-way.ts";
import type { HostRules } from "./host-rules.ts";
import { recogniseCall } from "./provider-call.ts";

/** What every copy of undici publishes, Node's own and those an app has installed. */
interface UndiciMessage {
  readonly request: { readonly origin?: URL | string; readonly path?: string; readonly method?: string };
}

const CHANNEL = "undici:request:create";

/**
 * Warns once for each provider's host that is called past the taps: by a copy of undici that an app has installed and uses
 * directly. Such a call is told from a metered one by what is under way to its host, so one made beside a metered one goes
 * unnoticed and none is warned about wrongly. What `QUOTEL_METER_HOSTS` leaves out is not warned about. Returns a function
 * that ends that.
 */
export function installUnmeteredWarning(hosts: HostRules): () => void {
  const onCreated = (message: unknown): void => {
    try {
      warnIfUnmetered((message as UndiciMessage).request, hosts);
    } catch {
      // Another undici's message: nothing to tell.
    }
  };
  subscribe(CHANNEL, onCreated);
  return () => void unsubscribe(CHANNEL, onCreated);
}

function warnIfUnmetered({ origin, path, method }: UndiciMessage["request"], hosts: HostRules): void {
  // Most requests are no calls of a model: the cheapest question first.
  if (method !== "POST" || origin === undefined || path === undefined) return;
  const call = recogniseCall(method, new URL(path, origin).href, hosts);
  if (call === null || !call.isKnownHost || isMeteredNow(call.url.host)) return;
  const { host } = call.url;
  warnOnce(
    `QUOTEL_UNMETERED_CALL ${host}`,
    `a call to ${host} is not metered: it is made by a copy of undici of the app's own. Let its client use Node's fetch ` +
      "(`fetch: globalThis.fetch` in most SDKs) or node:http; where it is not to be metered, say so: QUOTEL_METER_HOSTS=!" +
      host,
  );
}
