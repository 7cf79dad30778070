import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

import { activeSpan } from "../process/open-telemetry.ts";
import { runtime } from "../process/runtime.ts";
import type { Work } from "../quota/work.ts";
import type { Holder } from "./holder.ts";
import { acceptTenantId, tenantOf } from "./resolve.ts";
import type { TenantResolver } from "./resolve.ts";

/** A holder for a request, or for work that no request asked for. */
export function newHolder(request: IncomingMessage | null, tenantId: string | null = null): Holder {
  return {
    tenantId,
    request,
    traceId: activeSpan()?.traceId ?? randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    work: null,
    refused: false,
  };
}

/**
 * Runs `fn` for tenant `id`: everything metered inside, asynchronous work included, is that tenant's. The reservation of the
 * surrounding request stays in force only if it is the same tenant's. An invalid id is ignored with a warning.
 */
export function withTenant<T>(id: string, fn: () => T): T {
  const { storage } = runtime();
  const tenantId = acceptTenantId(id);
  if (tenantId === null) return fn();
  const outer = storage.getStore();
  const holder: Holder =
    outer === undefined ? newHolder(null, tenantId) : { ...outer, tenantId, work: workFor(outer, tenantId) };
  return storage.run(holder, fn);
}

/** Names the tenant of the current request, the request's own event included. Invalid ids are ignored with a warning. */
export function setTenant(id: string): void {
  const tenantId = acceptTenantId(id);
  if (tenantId === null) return;
  const { storage } = runtime();
  const holder = storage.getStore();
  if (holder === undefined) storage.enterWith(newHolder(null, tenantId));
  else holder.tenantId = tenantId;
}

/** Installs a function that finds a request's tenant; it is asked when the tenant is needed. Null removes it. */
export function setTenantResolver(resolver: TenantResolver | null): void {
  runtime().tenantResolver = resolver;
}

/** The tenant of the current work, or null. */
export function currentTenant(): string | null {
  const holder = runtime().storage.getStore();
  return holder === undefined ? null : tenantOf(holder);
}

/** The holder's reservation if it is that tenant's: a span settles reservations of its own tenant only. */
export function workFor(holder: Holder, tenantId: string | null): Work | null {
  return holder.work?.tenantId === tenantId ? holder.work : null;
}
