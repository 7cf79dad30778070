/** What to send to one server, and for how long. */
export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Requests in flight: every connection sends its next request when the answer to the last one is here. */
  readonly connections: number;
  /** Sent in turn. */
  readonly bodies: readonly Uint8Array[];
  /** Where a body holds this, a new UUID (version 7) takes its place in every request; null = bodies are sent as they are. */
  readonly idPlaceholder: string | null;
  /** After every body has been sent once, or after so many milliseconds. */
  readonly until: "all_sent" | number;
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
