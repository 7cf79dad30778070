import type { IncomingMessage } from "node:http";

import type { Work } from "../quota/work.ts";
import type { Inquiry } from "./inquiry.ts";

/**
 * What is read of a request that the app answers. Over HTTP/1 it is Node's own object, with all that the app's middleware puts
 * on it; over HTTP/2 a view of its headers, pseudo-headers (`:path`) among them.
 */
export type ServedRequest = Pick<IncomingMessage, "method" | "url" | "headers">;

/**
 * Who the current work is for. One mutable object per request (or per `withTenant`), shared by everything the request does,
 * so that a tenant learnt late (after authentication) still reaches the request's own `api_call` event.
 */
export interface Holder {
  /** Set explicitly; null: ask the resolver and the header of `request`. */
  tenantId: string | null;
  /** The user at work, as it is to be recorded; null: not known, or not to be. */
  userId: string | null;
  /** What the resolver has said, where it takes its time. */
  inquiry: Inquiry | null;
  readonly request: ServedRequest | null;
  /** Whom another service of ours has said the request is for, signed; null: none has. */
  readonly propagatedTenantId: string | null;
  /** Ids of the request's own span; calls made by it share its trace. */
  readonly traceId: string;
  readonly spanId: string;
  /** The reservation that admitted the work, with what it has consumed so far. */
  work: Work | null;
  /** Our middleware refused the request: it counts as `rate_limited`. */
  refused: boolean;
  /** The request's route as the app named it, or a framework that told us. */
  route: string | null;
  /** The request makes no event of its own; what it calls is metered all the same. */
  readonly ignored: boolean;
}
