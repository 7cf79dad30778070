import type { IncomingMessage, ServerResponse } from "node:http";

/** What the middleware needs of a request: Node's, with what Express and a body parser add. */
export type QuotaRequest = IncomingMessage & {
  readonly originalUrl?: string;
  readonly body?: unknown;
};

/** What the middleware needs of a response: Node's. */
export type QuotaResponse = ServerResponse;
