import type { Endpoint } from "./endpoint.ts";

export interface ReceiverOptions {
  readonly host: string;
  readonly port: number;
  readonly requestTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly endpoint: Endpoint;
  /** Told of what a request died of, other than its own content; the sender is asked to come back. */
  readonly onFault: (error: unknown) => void;
}

export interface Receiver {
  readonly url: string;
  /** Stops accepting and lets the requests in flight end, within the time allowed. */
  readonly close: () => Promise<void>;
}
