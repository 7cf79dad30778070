import { randomBytes } from "node:crypto";

import { activeSpanIds } from "../open-telemetry/app-api.ts";
import { runtime } from "../process/runtime.ts";
import type { Work } from "../quota/work.ts";
import type { Holder, ServedRequest } from "./holder.ts";
import { propagatedTenant } from "./propagation/propagated-tenant.ts";
import { acceptTenantId, tenantOf } from "./resolve.ts";
import type { TenantResolver } from "./resolve.ts";

/** A holder for a request, or for work that no request asked for. */
export function newHolder(request: ServedRequest | null, tenantId: string | null = null, ignored = false): Holder {
  return {
    tenantId,
    inquiry: null,
    request,
    propagatedTenantId: request === null ? null : propagatedTenant(request),
    traceId: activeSpanIds()?.traceId ?? randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    work: null,
    refused: false,
    route: null,
    ignored,
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

/**
 * Names the route of the current request, as a pattern such as `/users/:id`, where its framework does not tell: Hono, Next.js,
 * plain `node:http`. A label of the request's event; never put values in it.
 */
export function setRoute(pattern: string): void {
  const { storage, holders } = runtime();
  const request = storage.getStore()?.request;
  const holder = request ? holders.get(request) : undefined; // `withTenant` works on a copy
  if (holder !== undefined) holder.route = pattern;
}

/** Installs a function that finds a request's tenant; see `TenantResolver`. Null removes it. */
export function setTenantResolver(resolver: TenantResolver | null): void {
  runtime().tenantResolver = resolver;
}

/** The tenant of the current work, or null; null, too, while a resolver is still finding out. */
export function currentTenant(): string | null {
  const holder = runtime().storage.getStore();
  return holder === undefined ? null : tenantOf(holder);
}

/** The holder's reservation if it is that tenant's: a span settles reservations of its own tenant only. */
export function workFor(holder: Holder, tenantId: string | null): Work | null {
  return holder.work?.tenantId === tenantId ? holder.work : null;
}
