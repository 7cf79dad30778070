import { isAllowedByName, isMetered } from "../../../tap/host-rules.ts";
import type { PropagationSettings } from "../settings.ts";
import { signTenant } from "../signed-tenant.ts";

/** Whether a URL's host is one that is told tenants: named by the settings, and not denied by them. */
export function isTold(url: URL, { hosts }: PropagationSettings): boolean {
  return isAllowedByName(url, hosts) && isMetered(url, hosts);
}

/**
 * The header for a request of a tenant's, or null: it goes without. A request may say another `Host` than that of its connection,
 * one that a caller of the app's has written, say: then nobody knows who would get the header.
 *
 * @param address where the connection goes, with its port
 * @param saidHost the request's `Host`; null: that of the address
 */
export function headerFor(
  tenantId: string,
  address: string,
  saidHost: string | null,
  settings: PropagationSettings,
): string | null {
  const url = URL.parse(address);
  if (url === null || !isTold(url, settings)) return null;
  if (saidHost !== null && URL.parse(`${url.protocol}//${saidHost}`)?.host !== url.host) return null;
  return signTenant(tenantId, url.hostname, settings.keys[0], Date.now() / 1000);
}
