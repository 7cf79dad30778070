import type { QuotaItem, ReservationItem } from "@quotel/conventions";

import { runtime } from "../process/runtime.ts";
import { warnOnce } from "../process/warn.ts";
import type { Holder } from "../tenant/holder.ts";
import { findTenant } from "../tenant/resolve.ts";
import { newHolder } from "../tenant/tenant.ts";
import { closeInBackground, releaseInBackground } from "./close-work.ts";
import { defaultItems, estimateTokens } from "./estimate.ts";
import type { QuotaRequest, QuotaResponse } from "./http-shapes.ts";
import { QuotaClient } from "./client/quota-client.ts";
import type { LeasedQuota } from "./lease/leased-quota.ts";
import { refuseOverLimit, refuseUndecided } from "./refusal.ts";
import { uuidV7 } from "./client/uuid-v7.ts";
import { Work } from "./work.ts";

export interface EnforceQuotaOptions {
  /** Upper bound of the tokens the request will use. Default: its output limit plus the bytes of its input. */
  readonly estimate?: (req: QuotaRequest) => number;
  /** What is asked for beside tokens. Default: 1 `api_calls` and 1 `chat_messages` (or `embeddings`). */
  readonly items?: (req: QuotaRequest) => readonly QuotaItem[];
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

type Middleware = (req: QuotaRequest, res: QuotaResponse, next: (err?: unknown) => void) => void;

/**
 * Middleware that admits a request only if its tenant's limits leave room: it reserves before the work and closes the hold
 * at the true totals when the response and every metered call under it have ended. The spans settle it.
 * A request without a tenant is refused (401); a service that does not answer is the client's `failMode`'s affair.
 */
export function enforceQuota(options: EnforceQuotaOptions = {}): Middleware {
  const client = options.client ?? new QuotaClient();
  return (req, res, next) => {
    const { storage } = runtime();
    const holder = storage.getStore() ?? newHolder(req);
    // Entered again for apps that run without `register`, and for body parsers that lost the context.
    storage.run(holder, () => {
      void admit(client, options, req, res, holder).then(
        (admitted) => {
          if (admitted) storage.run(holder, next);
        },
        (err: unknown) => storage.run(holder, () => next(err)),
      );
    });
  };
}

/** True: go on. False: answered already. */
async function admit(
  client: QuotaClient,
  options: EnforceQuotaOptions,
  req: QuotaRequest,
  res: QuotaResponse,
  holder: Holder,
): Promise<boolean> {
  if (holder.work !== null) return true; // admitted by an earlier middleware
  const tenantId = await findTenant(holder);
  if (tenantId === null) {
    holder.refused = true;
    refuseUndecided(res, 401, "TENANT_REQUIRED", "The request names no tenant");
    return false;
  }
  const items = askedItems(options, req);
  const leased = options.leases?.take(tenantId, items);
  if (leased !== undefined) {
    const work = new Work(tenantId, leased.reservationId, (totals) => leased.settle(itemsOf(totals)));
    return start(work, holder, res, () => leased.settle([]));
  }
  const reservationId = uuidV7();
  const work = new Work(
    tenantId,
    reservationId,
    (totals) =>
      void closeInBackground(
        client,
        { tenantId, reservationId, resources: items.map((item) => item.resource) },
        totals,
      ),
  );
  const { ttlSeconds } = options;
  const request = { tenantId, items, reservationId, ...(ttlSeconds !== undefined && { ttlSeconds }) };
  let outcome = await client.reserve(request);
  // Perhaps only our own leases stand in the way.
  const isOverQuota = outcome.kind === "decided" && outcome.decision.reason === "QUOTA_EXCEEDED";
  if (isOverQuota && (await options.leases?.giveBack(tenantId))) outcome = await client.reserve(request);

  if (outcome.kind === "rejected" && outcome.error.code !== "TENANT_NOT_FOUND") {
    // Our key or our request is wrong. That is an operator's error, not the tenant's: their request goes on, unheld.
    warnOnce("QUOTEL_RESERVE_REJECTED", `reservations are rejected: ${outcome.status} ${outcome.error.message}`);
    return true;
  }
  if (outcome.kind === "decided" && outcome.decision.allowed) {
    return start(work, holder, res, () => releaseInBackground(client, reservationId, tenantId));
  }

  holder.refused = true;
  if (outcome.kind === "rejected") {
    refuseUndecided(res, 403, "TENANT_UNKNOWN", "The tenant is not registered");
  } else if (outcome.decision.mode === "fail_closed") {
    releaseInBackground(client, reservationId, tenantId); // it may have been made although we got no answer
    refuseUndecided(res, 503, "QUOTA_UNAVAILABLE", "Usage limits cannot be checked at the moment");
  } else {
    refuseOverLimit(res, outcome.decision, outcome.headers, options.denyStatus ?? 429);
  }
  return false;
}

/** Puts the reservation in force, unless the caller has gone while we asked: then nothing happens, under it or at all. */
function start(work: Work, holder: Holder, res: QuotaResponse, giveUp: () => void): boolean {
  if (res.closed) {
    giveUp();
    return false;
  }
  holder.work = work;
  res.once("close", () => work.end());
  return true;
}

function askedItems(options: EnforceQuotaOptions, req: QuotaRequest): readonly ReservationItem[] {
  const tokens = Math.max(0, Math.ceil((options.estimate ?? estimateTokens)(req)));
  return [...(options.items ?? defaultItems)(req), { resource: "tokens", amount: tokens }];
}

function itemsOf(totals: ReadonlyMap<string, number>): readonly QuotaItem[] {
  return [...totals].map(([resource, amount]) => ({ resource, amount }));
}
