import type { Backlog } from "#database/health/read-backlog";

/** Beyond these the collector sends its senders elsewhere: it takes usage, but later than it should be seen. */
const COMMIT_WAIT_MS_MAX = 10_000;
const UNFOLDED_AGE_MS_MAX = 120_000;
const UNFOLDED_EVENTS_MAX = 5_000_000;

/** What readiness depends on. */
export interface Vitals {
  /** Null = the database does not answer. */
  readonly backlog: Backlog | null;
  /** Age of the oldest request that waits to be committed; 0 = none waits. */
  readonly commitWaitMs: number;
}

/** Why usage should not be sent here right now; empty = it should. */
export function readinessProblems({ backlog, commitWaitMs }: Vitals): string[] {
  const problems: string[] = [];
  if (commitWaitMs > COMMIT_WAIT_MS_MAX) {
    problems.push(
      `a request has waited ${seconds(commitWaitMs)} to be committed (at most ${seconds(COMMIT_WAIT_MS_MAX)})`,
    );
  }
  if (backlog === null) return ["the database does not answer", ...problems];
  if (backlog.oldestAgeMs > UNFOLDED_AGE_MS_MAX) {
    problems.push(
      `events have waited ${seconds(backlog.oldestAgeMs)} to be folded (at most ${seconds(UNFOLDED_AGE_MS_MAX)})`,
    );
  }
  if (backlog.events > UNFOLDED_EVENTS_MAX) {
    problems.push(`${backlog.events} events wait to be folded (at most ${UNFOLDED_EVENTS_MAX})`);
  }
  return problems;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
