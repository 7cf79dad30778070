/** What became of the events since the process started. */
export interface RecordCounters {
  accepted: number;
  duplicate: number;
  conflicting: number;
  quarantined: number;
  /** Requests answered with "try again". */
  unavailable: number;
}

export function recordCounters(): RecordCounters {
  return { accepted: 0, duplicate: 0, conflicting: 0, quarantined: 0, unavailable: 0 };
}
