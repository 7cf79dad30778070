import type { QuotaItem } from "@quotel/conventions";

import { holderStorage } from "../tenant/holders.ts";
import { acceptTenantId, findTenant } from "../tenant/resolve.ts";
import { newHolder } from "../tenant/tenant.ts";
import { admit } from "./admit.ts";
import type { AdmissionOptions } from "./admit.ts";
import { defaultItems, tokensAtMost } from "./asked/asked-items.ts";
import { askedOfFetch } from "./asked/asked-request.ts";
import { QuotaClient } from "./client/quota-client.ts";
import { TENANT_REQUIRED, responseOf } from "./refusal.ts";

export interface UsageEnforcementOptions extends AdmissionOptions {
  /**
   * What the request asks for: upper bounds, tokens among them. Default, as the middleware's: 1 `api_calls`, 1 `chat_messages` (or
   * `embeddings`), and `tokens`: the output limit and the bytes of the input that its JSON names.
   */
  readonly items?: (request: Request) => readonly QuotaItem[] | Promise<readonly QuotaItem[]>;
  /** The request's tenant. Default: the current one. */
  readonly tenant?: (request: Request) => string | null | Promise<string | null>;
}

/** What a caller who has gone is answered: nobody reads it. */
const CALLER_HAS_GONE = 499;

/**
 * Wraps a fetch handler (a Next.js route, Hono's `app.fetch`): it runs only if the tenant's limits leave room. Reserves
 * before it, and closes at the true totals when the response's body and every metered call under it have ended. Whose caller
 * left meanwhile (the request's signal says so) is not run, and what was reserved for it is given up.
 *
 *     export const POST = withUsageEnforcement(handle, {
 *       tenant: (request) => tenantOfSession(request),
 *       items: () => [{ resource: "chat_messages", amount: 1 }, { resource: "tokens", amount: 2_000 }],
 *     });
 */
export function withUsageEnforcement<Asked extends Request, Rest extends unknown[]>(
  handler: (request: Asked, ...rest: Rest) => Response | Promise<Response>,
  options: UsageEnforcementOptions = {},
): (request: Asked, ...rest: Rest) => Promise<Response> {
  const client = options.client ?? new QuotaClient();
  return async (request, ...rest) => {
    const storage = holderStorage();
    const outer = storage.getStore() ?? newHolder(null);
    if (outer.work !== null) return handler(request, ...rest); // admitted already
    const named = options.tenant === undefined ? await findTenant(outer) : await options.tenant(request);
    const tenantId = named === null ? null : acceptTenantId(named);
    if (tenantId === null) {
      outer.refused = true;
      return responseOf(TENANT_REQUIRED);
    }
    outer.tenantId = tenantId;
    const items = await (options.items?.(request) ?? usualItems(request));
    const admission = await admit(client, options, tenantId, items);
    if (admission.kind === "refused") {
      outer.refused = true;
      return responseOf(admission.refusal);
    }
    if (admission.kind === "unheld") return storage.run(outer, () => handler(request, ...rest));
    if (request.signal.aborted) {
      admission.giveUp();
      return new Response(null, { status: CALLER_HAS_GONE });
    }
    const { work } = admission;
    outer.work = work;
    try {
      return endingWith(await storage.run(outer, () => handler(request, ...rest)), () => work.end());
    } catch (err) {
      work.end();
      throw err;
    }
  };
}

async function usualItems(request: Request): Promise<readonly QuotaItem[]> {
  const asked = await askedOfFetch(request);
  return [...defaultItems(asked), { resource: "tokens", amount: tokensAtMost(asked) }];
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
