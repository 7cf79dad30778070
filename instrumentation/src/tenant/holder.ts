import type { IncomingMessage } from "node:http";

import type { Work } from "../quota/work.ts";

/**
 * Who the current work is for. One mutable object per request (or per `withTenant`), shared by everything the request does,
 * so that a tenant learnt late (after authentication) still reaches the request's own `api_call` event.
 */
export interface Holder {
  /** Set explicitly; null: ask the resolver and the header of `request`. */
  tenantId: string | null;
  readonly request: IncomingMessage | null;
  /** Ids of the request's own span; calls made by it share its trace. */
  readonly traceId: string;
  readonly spanId: string;
  /** The reservation that admitted the work, with what it has consumed so far. */
  work: Work | null;
  /** Our middleware refused the request: it counts as `rate_limited`. */
  refused: boolean;
}
