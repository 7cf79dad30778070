/** What was consumed together at an instant: one piece of work by its events, or all of an hour whose events are gone. */
export interface Work {
  readonly tenantId: string;
  /** Unix milliseconds; of an hour, its start. */
  readonly atMs: number;
  readonly resolution: "event" | "hour";
  /** By resource; never 0. */
  readonly amounts: ReadonlyMap<string, number>;
}
