import type { MetricPoint } from "#database/levels/metric-point";

const MINUTE_MICROS = 60_000_000;

/** A stream of its own for each number. */
export function streamOf(n: number): string {
  return `0198a000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

export const OTHER_STREAM = streamOf(2);

/** A sample of the members of `acme`, some minutes ago, of stream 1. */
export function sampleOf(minutesAgo: number, value: number, more: Partial<MetricPoint> = {}): MetricPoint {
  const sampledAtMicros = Date.now() * 1000 - minutesAgo * MINUTE_MICROS;
  return {
    tenantId: "acme",
    resource: "members",
    kind: "gauge",
    stream: streamOf(1),
    startedAtMicros: 0,
    sampledAtMicros,
    accountedAtMicros: sampledAtMicros,
    value,
    ...more,
  };
}
