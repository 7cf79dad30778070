import { runtime } from "../process/runtime.ts";
import type { Holder } from "./holder.ts";

/**
 * The holder of a request, by the request and not by the current context, which a body parser or a queue may have lost.
 * Knows Node's requests, Fastify's (`raw`) and those of HTTP/2 (`stream`). Undefined: nothing is installed.
 */
export function holderOf(request: object): Holder | undefined {
  const { holders, storage } = runtime();
  const { raw = request } = request as { readonly raw?: object };
  const { stream = raw } = raw as { readonly stream?: object };
  return holders.get(raw) ?? holders.get(stream) ?? storage.getStore();
}
