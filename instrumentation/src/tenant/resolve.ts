import type { IncomingMessage } from "node:http";

import { TENANT_ID_PATTERN, UNATTRIBUTED_TENANT } from "@quotel/conventions";

import { runtime } from "../process/runtime.ts";
import { warnOnce } from "../process/warn.ts";
import type { Holder } from "./holder.ts";

/** Finds the tenant of a request, e.g. from what authentication left on it. Nothing, or something that is no tenant id: no tenant. */
export type TenantResolver = (request: IncomingMessage) => string | null | undefined;

/** The id if it is one a caller may name, else null and one warning per process. */
export function acceptTenantId(id: unknown): string | null {
  if (typeof id === "string" && TENANT_ID_PATTERN.test(id) && id !== UNATTRIBUTED_TENANT) return id;
  warnOnce("QUOTEL_TENANT_INVALID", `a tenant id was ignored: ${JSON.stringify(id)?.slice(0, 80)} is not a valid one`);
  return null;
}

/**
 * The holder's tenant: set explicitly, else by the resolver, else by the trusted header. Asked again at every use, because a
 * resolver may read what a later middleware puts on the request. Never from baggage: a caller writes that.
 */
export function tenantOf(holder: Holder): string | null {
  if (holder.tenantId !== null) return holder.tenantId;
  if (holder.request === null) return null;
  const { tenantResolver, tenantHeader } = runtime();
  return fromResolver(tenantResolver, holder.request) ?? fromHeader(tenantHeader, holder.request);
}

function fromResolver(resolver: TenantResolver | null, request: IncomingMessage): string | null {
  if (resolver === null) return null;
  try {
    const id = resolver(request);
    return id === null || id === undefined ? null : acceptTenantId(id);
  } catch (err) {
    warnOnce("QUOTEL_TENANT_RESOLVER", `the tenant resolver threw: ${String(err)}`);
    return null;
  }
}

function fromHeader(header: string | null, request: IncomingMessage): string | null {
  if (header === null) return null;
  const value = request.headers[header];
  return value === undefined ? null : acceptTenantId(value);
}
