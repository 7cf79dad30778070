import { AsyncLocalStorage } from "node:async_hooks";

import { perProcess } from "../process/per-process.ts";
import type { Holder } from "./holder.ts";

/** The holder of the current work. */
export const holderStorage = perProcess("holder-storage", () => new AsyncLocalStorage<Holder>());

/** The holders of requests under way, by `Holder.request` and, over HTTP/2, by the stream. */
export const requestHolders = perProcess("request-holders", () => new WeakMap<object, Holder>());

/**
 * The holder of a request, by the request and not by the current context, which a body parser or a queue may have lost.
 * Knows Node's requests, Fastify's (`raw`) and those of HTTP/2 (`stream`). Undefined: nothing is installed.
 */
export function holderOf(request: object): Holder | undefined {
  const { raw = request } = request as { readonly raw?: object };
  const { stream = raw } = raw as { readonly stream?: object };
  const holders = requestHolders();
  return holders.get(raw) ?? holders.get(stream) ?? holderStorage().getStore();
}
