import { warnOnce } from "../../process/warn.ts";
import { holderOf } from "../holders.ts";
import { inquire } from "../inquiry.ts";
import { acceptTenantId } from "../resolve.ts";
import type { TenantAnswer } from "../resolve.ts";

type Hook<R> = (request: R, response: unknown, next: () => void) => void;

/**
 * Names the tenant from what authentication put on the request; Express middleware and Fastify hook alike:
 * `app.use(tenantFrom((req: AuthedRequest) => req.user?.org))`, `app.addHook("preHandler", tenantFrom((request) => ...))`.
 * Put it behind the authentication. The request goes on when the answer is here, after 5 s at the latest, and whatever happens.
 */
export function tenantFrom<R extends object>(find: (request: R) => TenantAnswer | PromiseLike<TenantAnswer>): Hook<R> {
  return (request, _response, next) => {
    const name = (id: string | null) => {
      const holder = holderOf(request);
      if (id !== null && holder !== undefined) holder.tenantId = id;
    };
    let answer: ReturnType<typeof find>;
    try {
      answer = find(request);
    } catch (err) {
      warnOnce("QUOTEL_TENANT_RESOLVER", `the function given to tenantFrom failed: ${String(err)}`);
      answer = null;
    }
    if (typeof answer === "object" && answer !== null) {
      void inquire(answer, accept).settled.then((id) => {
        name(id);
        setImmediate(next); // not inside our promise: what the app throws is the app's
      });
      return;
    }
    name(accept(answer));
    next();
  };
}

function accept(id: unknown): string | null {
  return id === null || id === undefined ? null : acceptTenantId(id);
}
