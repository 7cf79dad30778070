/** Upper bound of the first bucket in microseconds, and the ratio of neighbouring bounds. */
const FIRST_BOUND_US = 100;
const GROWTH = 1.1;
/** 100 us * 1.1^199 is about 4.6 hours; what is slower counts as that. */
const BUCKETS_MAX = 200;
const LOG_GROWTH = Math.log(GROWTH);

/**
 * Index (from 0) of the log-scale bucket of a duration. Counts in these buckets merge by adding, and a bucket's middle
 * is at most (1.1 - 1) / (1.1 + 1) = 4.8 % away from any duration in it.
 */
export function latencyBucketOf(durationMicros: number): number {
  if (durationMicros <= FIRST_BOUND_US) return 0;
  return Math.min(Math.ceil(Math.log(durationMicros / FIRST_BOUND_US) / LOG_GROWTH), BUCKETS_MAX - 1);
}

/** `integer[]` literal of a histogram, from its first to its last bucket; SQL counts buckets from 1. */
export function histogramArray(counts: ReadonlyMap<number, number>): string {
  const first = Math.min(...counts.keys());
  const last = Math.max(...counts.keys());
  const elements = Array.from({ length: last - first + 1 }, (_, i) => counts.get(first + i) ?? 0);
  return `[${first + 1}:${last + 1}]={${elements.join(",")}}`;
}
