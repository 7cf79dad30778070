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

let lastMicros = 0;

/** Now, in microseconds since the Unix epoch, and later than any instant given before: some items are told apart by it. */
export function distinctMicros(): number {
  lastMicros = Math.max(lastMicros + 1, Math.round((performance.timeOrigin + performance.now()) * 1000));
  return lastMicros;
}
