import { randomHex } from "../process/crypto.ts";
import { activeSpanIds } from "../open-telemetry/app-api.ts";
import type { Work } from "../quota/work.ts";
import type { Holder, ServedRequest } from "./holder.ts";
import { holderStorage, requestHolders } from "./holders.ts";
import { propagatedTenant } from "./propagation/propagated-tenant.ts";
import { acceptTenantId, tenantOf, tenantSources } from "./resolve.ts";
import type { TenantResolver } from "./resolve.ts";
import { acceptUserId } from "./user/accept-user-id.ts";

/** A holder for a request, or for work that no request asked for. */
export function newHolder(request: ServedRequest | null, tenantId: string | null = null, ignored = false): Holder {
  return {
    tenantId,
    userId: null,
    inquiry: null,
    request,
    propagatedTenantId: request === null ? null : propagatedTenant(request),
    traceId: activeSpanIds()?.traceId ?? randomHex(16),
    spanId: randomHex(8),
    work: null,
    refused: false,
    route: null,
    ignored,
  };
}

/**
 * Runs `fn` for tenant `id`: everything metered inside, asynchronous work included, is that tenant's. The reservation of the
 * surrounding request, and its user, stay in force only if it is the same tenant's. An invalid id is ignored with a warning.
 *
 *     await withTenant("acme", () => summarise(document), { userId: "ann" });
 *
 * @param options `userId`: as `setUser`, for this work only
 */
export function withTenant<T>(id: string, fn: () => T, options: { readonly userId?: string } = {}): T {
  const storage = holderStorage();
  const tenantId = acceptTenantId(id);
  if (tenantId === null) return fn();
  const outer = storage.getStore() ?? newHolder(null);
  const userId = options.userId === undefined ? inheritedUser(outer, tenantId) : acceptUserId(options.userId);
  return storage.run({ ...outer, tenantId, userId, work: workFor(outer, tenantId) }, fn);
}

/** Names the tenant of the current request, the request's own event included. Invalid ids are ignored with a warning. */
export function setTenant(id: string): void {
  const tenantId = acceptTenantId(id);
  if (tenantId === null) return;
  const storage = holderStorage();
  const holder = storage.getStore();
  if (holder === undefined) storage.enterWith(newHolder(null, tenantId));
  else holder.tenantId = tenantId;
}

/**
 * Names the user of the current request or work, for figures per user (`user.id`). What is recorded of it is up to
 * `QUOTEL_USER_IDS`: `keep` (it), `hash` (its HMAC-SHA256 under `QUOTEL_USER_ID_KEY`) or `drop`, the default (nothing).
 *
 * @param userId 1 to 256 characters; better an internal id than a name or an address
 */
export function setUser(userId: string): void {
  const recorded = acceptUserId(userId);
  if (recorded === null) return;
  const storage = holderStorage();
  const holder = storage.getStore();
  if (holder === undefined) storage.enterWith({ ...newHolder(null), userId: recorded });
  else holder.userId = recorded;
}

/**
 * Names the route of the current request, as a pattern such as `/users/:id`, where its framework does not tell: Hono, Next.js,
 * plain `node:http`. A label of the request's event; never put values in it.
 */
export function setRoute(pattern: string): void {
  const request = holderStorage().getStore()?.request;
  const holder = request ? requestHolders().get(request) : undefined; // `withTenant` works on a copy
  if (holder !== undefined) holder.route = pattern;
}

/** Installs a function that finds a request's tenant; see `TenantResolver`. Null removes it. */
export function setTenantResolver(resolver: TenantResolver | null): void {
  tenantSources().resolver = resolver;
}

/** The tenant of the current work, or null; null, too, while a resolver is still finding out. */
export function currentTenant(): string | null {
  const holder = holderStorage().getStore();
  return holder === undefined ? null : tenantOf(holder);
}

/** The holder's reservation if it is that tenant's: a span settles reservations of its own tenant only. */
export function workFor(holder: Holder, tenantId: string | null): Work | null {
  return holder.work?.tenantId === tenantId ? holder.work : null;
}

/** A resolver is not asked in vain. */
function inheritedUser(outer: Holder, tenantId: string): string | null {
  return outer.userId === null ? null : userFor({ tenantId: tenantOf(outer), userId: outer.userId }, tenantId);
}

/** The current user if the work is for the current tenant, or for one named only now: a user is one tenant's. */
export function userFor(
  current: { readonly tenantId: string | null; readonly userId: string | null },
  tenantId: string | null,
): string | null {
  return current.tenantId === null || current.tenantId === tenantId ? current.userId : null;
}
