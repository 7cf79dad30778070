import { subscribe } from "node:diagnostics_channel";

import { holderOf } from "../tenant/holders.ts";

/** What is used of a Fastify instance (version 3 and later). */
interface FastifyInstance {
  addHook(name: "onRequest", hook: (request: FastifyRequest, reply: unknown, done: () => void) => void): unknown;
}

interface FastifyRequest {
  /** Node's request. */
  readonly raw: object;
  /** Since 4.10. */
  readonly routeOptions?: { readonly url?: string };
}

/**
 * Learns the route of each request from Fastify itself, which tells of every instance on a diagnostics channel. Its first hook
 * runs for requests that later hooks or the validation refuse, too; its channel of handlers does not know those.
 */
export function installFastifyRoutes(): void {
  subscribe("fastify.initialization", (message) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook("onRequest", (request, _reply, done) => {
      const holder = holderOf(request);
      if (holder !== undefined) holder.route ??= request.routeOptions?.url ?? null;
      done();
    });
  });
}
