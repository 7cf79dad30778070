import { TENANT_ID_PATTERN, UNATTRIBUTED_TENANT } from "@quotel/conventions";

import { perProcess } from "../process/per-process.ts";
import { warnOnce } from "../process/warn.ts";
import type { Holder, ServedRequest } from "./holder.ts";
import { inquire } from "./inquiry.ts";

/** What a resolver answers. Nothing, or something that is no tenant id: no tenant. */
export type TenantAnswer = string | null | undefined;

/**
 * Finds the tenant of a request, at once or by a promise, e.g. from what authentication left on it. It is asked when the tenant
 * is needed, and again while it answers none; a promise is waited for up to 5 s, by what is recorded and never by the app.
 */
export type TenantResolver = (request: ServedRequest) => TenantAnswer | PromiseLike<TenantAnswer>;

/** Who says whose a request is, beside what is set for it. */
export const tenantSources = perProcess<{
  /** Header that carries the tenant; null = no header is trusted. */
  header: string | null;
  resolver: TenantResolver | null;
}>("tenant-sources", () => ({ header: null, resolver: null }));

/** The id if it is one a caller may name, else null and one warning per process. */
export function acceptTenantId(id: unknown): string | null {
  if (typeof id === "string" && TENANT_ID_PATTERN.test(id) && id !== UNATTRIBUTED_TENANT) return id;
  warnOnce("QUOTEL_TENANT_INVALID", `a tenant id was ignored: ${JSON.stringify(id)?.slice(0, 80)} is not a valid one`);
  return null;
}

/**
 * The holder's tenant: set explicitly, else by the resolver, else signed by another service, else by the trusted header; a
 * promise where the resolver is still finding out. Asked again at every use, because a resolver may read what a later middleware puts on the request. Never from
 * baggage: a caller writes that.
 */
export function findTenant(holder: Holder): string | null | Promise<string | null> {
  const { request } = holder;
  if (holder.tenantId !== null || request === null) return holder.tenantId;
  const answer = askResolver(holder, tenantSources().resolver, request);
  // What was set while the resolver was finding out goes first.
  if (answer instanceof Promise) return answer.then((id) => holder.tenantId ?? id ?? fromHeaders(holder, request));
  return answer ?? fromHeaders(holder, request);
}

/** As `findTenant`, as far as is known now: null while a resolver is still finding out. */
export function tenantOf(holder: Holder): string | null {
  const found = findTenant(holder);
  return found instanceof Promise ? null : found;
}

function askResolver(holder: Holder, resolver: TenantResolver | null, request: ServedRequest) {
  if (resolver === null) return null;
  if (holder.inquiry !== null && holder.inquiry.found !== null) return holder.inquiry.found ?? holder.inquiry.settled;
  try {
    const answer = resolver(request);
    if (!isPromise(answer)) return acceptAnswer(answer);
    holder.inquiry = inquire(answer, acceptAnswer);
    return holder.inquiry.settled;
  } catch (err) {
    warnOnce("QUOTEL_TENANT_RESOLVER", `the tenant resolver failed: ${String(err)}`);
    return null;
  }
}

function acceptAnswer(id: unknown): string | null {
  return id === null || id === undefined ? null : acceptTenantId(id);
}

function isPromise(answer: TenantAnswer | PromiseLike<TenantAnswer>): answer is PromiseLike<TenantAnswer> {
  return typeof answer === "object" && answer !== null && typeof answer.then === "function";
}

function fromHeaders({ propagatedTenantId }: Holder, { headers }: ServedRequest): string | null {
  const { header } = tenantSources();
  if (propagatedTenantId !== null) return acceptTenantId(propagatedTenantId);
  const value = header === null ? undefined : headers[header];
  return value === undefined ? null : acceptTenantId(value);
}
