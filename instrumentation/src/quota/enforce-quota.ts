import type { QuotaItem, ReservationItem } from "@quotel/conventions";

import type { Holder } from "../tenant/holder.ts";
import { holderStorage } from "../tenant/holders.ts";
import { findTenant } from "../tenant/resolve.ts";
import { newHolder } from "../tenant/tenant.ts";
import { admit } from "./admit.ts";
import type { AdmissionOptions } from "./admit.ts";
import { defaultItems, tokensAtMost } from "./asked/asked-items.ts";
import { askedOfNode } from "./asked/asked-request.ts";
import { QuotaClient } from "./client/quota-client.ts";
import type { QuotaRequest, QuotaResponse } from "./http-shapes.ts";
import { TENANT_REQUIRED, send } from "./refusal.ts";

export interface EnforceQuotaOptions extends AdmissionOptions {
  /** Upper bound of the tokens the request will use. Default: its output limit plus the bytes of its input. */
  readonly estimate?: (req: QuotaRequest) => number;
  /** What is asked for beside tokens. Default: 1 `api_calls` and 1 `chat_messages` (or `embeddings`). */
  readonly items?: (req: QuotaRequest) => readonly QuotaItem[];
}

/** Middleware of Express and of whatever else hands on Node's request and response. */
export type Middleware = (req: QuotaRequest, res: QuotaResponse, next: (err?: unknown) => void) => void;

/**
 * Middleware that admits a request only if its tenant's limits leave room: it reserves before the work and closes the hold
 * at the true totals when the response and every metered call under it have ended. The spans settle it.
 * A request without a tenant is refused (401); a service that does not answer is the client's `failMode`'s affair.
 *
 *     app.use("/chat", enforceQuota());
 */
export function enforceQuota(options: EnforceQuotaOptions = {}): Middleware {
  const client = options.client ?? new QuotaClient();
  return (req, res, next) => {
    const storage = holderStorage();
    const holder = storage.getStore() ?? newHolder(req);
    // Entered again for apps that run without `register`, and for body parsers that lost the context.
    storage.run(holder, () => {
      void admitRequest(client, options, req, res, holder).then(
        (admitted) => {
          if (admitted) storage.run(holder, next);
        },
        (err: unknown) => storage.run(holder, () => next(err)),
      );
    });
  };
}

/** True: go on. False: answered already, or the caller has gone. */
async function admitRequest(
  client: QuotaClient,
  options: EnforceQuotaOptions,
  req: QuotaRequest,
  res: QuotaResponse,
  holder: Holder,
): Promise<boolean> {
  if (holder.work !== null) return true; // admitted by an earlier middleware
  const tenantId = await findTenant(holder);
  const admission =
    tenantId === null
      ? { kind: "refused" as const, refusal: TENANT_REQUIRED }
      : await admit(client, options, tenantId, askedItems(options, req));
  if (admission.kind === "unheld") return true;
  if (admission.kind === "refused") {
    holder.refused = true;
    send(res, admission.refusal);
    return false;
  }
  // The caller has gone while we asked: nothing happens, under the reservation or at all.
  if (res.closed) {
    admission.giveUp();
    return false;
  }
  const { work } = admission;
  holder.work = work;
  res.once("close", () => work.end());
  return true;
}

function askedItems(options: EnforceQuotaOptions, req: QuotaRequest): readonly ReservationItem[] {
  const asked = askedOfNode(req);
  const tokens = Math.max(0, Math.ceil(options.estimate?.(req) ?? tokensAtMost(asked)));
  return [...(options.items?.(req) ?? defaultItems(asked)), { resource: "tokens", amount: tokens }];
}
