import type { QuotaItem } from "@quotel/conventions";

import { runtime } from "../process/runtime.ts";
import { warnOnce } from "../process/warn.ts";
import { acceptTenantId, tenantOf } from "../tenant/resolve.ts";
import { newHolder } from "../tenant/tenant.ts";
import { QuotaClient } from "./client/quota-client.ts";
import { uuidV7 } from "./client/uuid-v7.ts";
import { closeInBackground, releaseInBackground } from "./close-work.ts";
import { denialOf } from "./refusal.ts";
import { Work } from "./work.ts";

export interface UsageEnforcementOptions {
  /** What the request asks for: upper bounds, tokens among them. */
  readonly items: (request: Request) => readonly QuotaItem[] | Promise<readonly QuotaItem[]>;
  /** The request's tenant. Default: the current one. */
  readonly tenant?: (request: Request) => string | null | Promise<string | null>;
  readonly client?: QuotaClient;
  /** Status of a denial. Default 429. */
  readonly denyStatus?: 429 | 403;
}

/**
 * Wraps a fetch handler (a Next.js route, Hono's `app.fetch`): it runs only if the tenant's limits leave room. Reserves
 * before it, and closes at the true totals when the response's body and every metered call under it have ended.
 *
 *     export const POST = withUsageEnforcement(handle, {
 *       tenant: (request) => tenantOfSession(request),
 *       items: () => [{ resource: "chat_messages", amount: 1 }, { resource: "tokens", amount: 2_000 }],
 *     });
 */
export function withUsageEnforcement<Rest extends unknown[]>(
  handler: (request: Request, ...rest: Rest) => Response | Promise<Response>,
  options: UsageEnforcementOptions,
): (request: Request, ...rest: Rest) => Promise<Response> {
  const client = options.client ?? new QuotaClient();
  return async (request, ...rest) => {
    const { storage } = runtime();
    const outer = storage.getStore() ?? newHolder(null);
    if (outer.work !== null) return handler(request, ...rest); // admitted already
    const named = options.tenant === undefined ? tenantOf(outer) : await options.tenant(request);
    const tenantId = named === null ? null : acceptTenantId(named);
    if (tenantId === null) {
      outer.refused = true;
      return refusal(401, { error: { code: "TENANT_REQUIRED", message: "The request names no tenant" } });
    }
    outer.tenantId = tenantId;
    const items = await options.items(request);
    const reservationId = uuidV7();
    const outcome = await client.reserve({ tenantId, items, reservationId });
    if (outcome.kind === "rejected" && outcome.error.code !== "TENANT_NOT_FOUND") {
      // An operator's error, not the tenant's: their request goes on, unheld.
      warnOnce("QUOTEL_RESERVE_REJECTED", `reservations are rejected: ${outcome.status} ${outcome.error.message}`);
      return storage.run(outer, () => handler(request, ...rest));
    }
    if (outcome.kind === "rejected" || !outcome.decision.allowed) {
      outer.refused = true;
      if (outcome.kind === "rejected") {
        return refusal(403, { error: { code: "TENANT_UNKNOWN", message: "The tenant is not registered" } });
      }
      if (outcome.decision.mode !== "fail_closed") {
        return refusal(options.denyStatus ?? 429, denialOf(outcome.decision), outcome.headers);
      }
      releaseInBackground(client, reservationId, tenantId); // it may have been made although we got no answer
      const message = "Usage limits cannot be checked at the moment";
      return refusal(503, { error: { code: "QUOTA_UNAVAILABLE", message } }, { "retry-after": "1" });
    }
    const reservation = { tenantId, reservationId, resources: items.map(({ resource }) => resource) };
    const work = new Work(tenantId, reservationId, (totals) => void closeInBackground(client, reservation, totals));
    outer.work = work;
    try {
      return endingWith(await storage.run(outer, () => handler(request, ...rest)), () => work.end());
    } catch (err) {
      work.end();
      throw err;
    }
  };
}

/** The response, with `onEnd` called when its body has been sent or given up. */
function endingWith(response: Response, onEnd: () => void): Response {
  if (response.body === null) {
    onEnd();
    return response;
  }
  const watched = new TransformStream<Uint8Array, Uint8Array>({ flush: onEnd });
  // Rejects where the caller left or the handler's stream broke: both are ends.
  response.body.pipeTo(watched.writable).catch(onEnd);
  return new Response(watched.readable, response);
}

function refusal(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, { status, headers });
}
