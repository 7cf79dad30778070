/** A piece of work being timed. The end is start + elapsed on the monotonic clock, so a clock step cannot make it negative. */
export interface Stopwatch {
  readonly startMicros: number;
  endMicros(): number;
}

/** Starts timing now. */
export function startStopwatch(): Stopwatch {
  const startMicros = Math.round(Date.now() * 1000);
  const startedAt = performance.now();
  return { startMicros, endMicros: () => startMicros + Math.round((performance.now() - startedAt) * 1000) };
}
