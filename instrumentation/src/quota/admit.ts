import type { QuotaItem, ReservationItem } from "@quotel/conventions";

import { warnOnce } from "../process/warn.ts";
import { uuidV7 } from "./client/uuid-v7.ts";
import type { QuotaClient } from "./client/quota-client.ts";
import { closeInBackground, releaseInBackground } from "./close-work.ts";
import type { LeasedQuota } from "./lease/leased-quota.ts";
import { QUOTA_UNAVAILABLE, TENANT_UNKNOWN, overLimit } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import { Work } from "./work.ts";

/** How requests are admitted, whatever kind of server they come to. */
export interface AdmissionOptions {
  readonly client?: QuotaClient;
  /**
   * Admits in process where a lease has room. Resources with a rate limit are not leased: where a plan limits `api_calls`
   * per minute, leave them out of `items`.
   */
  readonly leases?: LeasedQuota;
  /** Status of a denial. Default 429. */
  readonly denyStatus?: 429 | 403;
  /** Life of the hold if the close never comes. Default: the service's (300 s). */
  readonly ttlSeconds?: number;
}

/** `unheld`: the request goes on without a reservation, because ours was objected to. */
export type Admission =
  | { readonly kind: "admitted"; readonly work: Work; readonly giveUp: () => void }
  | { readonly kind: "unheld" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/**
 * Asks whether a tenant may use so much: of a lease, else by a reservation, which is closed at the true totals when the work
 * has ended. `giveUp` undoes an admission that nobody needs any more.
 */
export async function admit(
  client: QuotaClient,
  { leases, denyStatus = 429, ttlSeconds }: AdmissionOptions,
  tenantId: string,
  items: readonly ReservationItem[],
): Promise<Admission> {
  const leased = leases?.take(tenantId, items);
  if (leased !== undefined) {
    const work = new Work(tenantId, leased.reservationId, (totals) => leased.settle(itemsOf(totals)));
    return { kind: "admitted", work, giveUp: () => leased.settle([]) };
  }
  const reservationId = uuidV7();
  const request = { tenantId, items, reservationId, ...(ttlSeconds !== undefined && { ttlSeconds }) };
  let outcome = await client.reserve(request);
  // Perhaps only our own leases stand in the way.
  const isOverQuota = outcome.kind === "decided" && outcome.decision.reason === "QUOTA_EXCEEDED";
  if (isOverQuota && (await leases?.giveBack(tenantId))) outcome = await client.reserve(request);

  if (outcome.kind === "rejected") {
    if (outcome.error.code === "TENANT_NOT_FOUND") return { kind: "refused", refusal: TENANT_UNKNOWN };
    // Our key or our request is wrong. That is an operator's error, not the tenant's: their request goes on, unheld.
    warnOnce("QUOTEL_RESERVE_REJECTED", `reservations are rejected: ${outcome.status} ${outcome.error.message}`);
    return { kind: "unheld" };
  }
  const release = (): void => releaseInBackground(client, reservationId, tenantId);
  if (outcome.decision.allowed) {
    const reservation = { tenantId, reservationId, resources: items.map(({ resource }) => resource) };
    const work = new Work(tenantId, reservationId, (totals) => void closeInBackground(client, reservation, totals));
    return { kind: "admitted", work, giveUp: release };
  }
  if (outcome.decision.mode !== "fail_closed") {
    return { kind: "refused", refusal: overLimit(outcome.decision, outcome.headers, denyStatus) };
  }
  release(); // it may have been made although we got no answer
  return { kind: "refused", refusal: QUOTA_UNAVAILABLE };
}

function itemsOf(totals: ReadonlyMap<string, number>): readonly QuotaItem[] {
  return [...totals].map(([resource, amount]) => ({ resource, amount }));
}
