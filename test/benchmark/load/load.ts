/** What to send to one server, and for how long. */
export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Requests in flight: every connection sends its next request when the answer to the last one is here. */
  readonly connections: number;
  /** Sent in turn. */
  readonly bodies: readonly Uint8Array[];
  /** What is new in every request; null = bodies are sent as they are. */
  readonly renewed: RenewedPart | null;
  /** After every body has been sent once, or after so many milliseconds. */
  readonly until: "all_sent" | number;
}

/** Wherever a body holds the placeholder, the same new value of its length takes its place. */
export interface RenewedPart {
  readonly placeholder: Uint8Array;
  readonly by: "uuid_v7" | "random_bytes";
}

export interface LoadResult {
  readonly requests: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>;
}
