/** Calls of one host that look like a provider's. */
export interface ObservedHost {
  readonly host: string;
  /** Requests that were sent. */
  calls: number;
  /** Records that were made of them. */
  metered: number;
  /** Whether `QUOTEL_METER_HOSTS` leaves the host out. */
  readonly leftOut: boolean;
  /** How the client calls itself (`User-Agent`); null = it does not. */
  client: string | null;
}

/** What was seen of one process of the app. */
export interface Observation {
  readonly pid: number;
  /** The file it runs. */
  readonly script: string | null;
  /** Whether the app loads `register` by itself. */
  readonly registersItself: boolean;
  /** Ports it listens on. */
  readonly ports: number[];
  readonly requests: { seen: number; metered: number; withoutTenant: number };
  readonly hosts: ObservedHost[];
  /** Warnings of ours. */
  readonly warnings: string[];
  /** What is recorded, delivered and lost; null where nothing is installed. */
  counters: { readonly recorded: number; readonly acknowledged: number; readonly dropped: number } | null;
}
