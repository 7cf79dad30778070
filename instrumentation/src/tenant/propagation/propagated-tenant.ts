import { warnOnce } from "../../process/warn.ts";
import type { ServedRequest } from "../holder.ts";
import { accepting } from "./accepting.ts";
import { hostnameOf } from "./hostname.ts";
import { judgeSigned, TENANT_HEADER } from "./signed-tenant.ts";

/**
 * The tenant that another service of this operator has signed for, or null. To be asked when the request comes, once: the header
 * is good for a minute. One that does not hold is ignored, counted, and told of once; the request goes on without it.
 */
export function propagatedTenant({ headers }: ServedRequest): string | null {
  const current = accepting();
  const text = headers[TENANT_HEADER];
  if (current.settings === null || text === undefined) return null;
  const { keys, audience } = current.settings;
  const askedAs = hostnameOf(String(headers[":authority"] ?? headers.host ?? ""));
  const hosts = audience ?? (askedAs === null ? [] : [askedAs]);
  const verdict = judgeSigned(String(text), { keys, hosts }, Date.now() / 1000);
  if (verdict.kind === "signed") return verdict.tenantId;
  current.refused += 1;
  const { reason } = verdict;
  warnOnce("QUOTEL_TENANT_REFUSED", `a ${TENANT_HEADER} header was ignored: ${reason} (host ${askedAs ?? "unknown"})`);
  return null;
}
