import { utcHourMsOfMicros } from "../periods/instant.ts";
import { tokensOf } from "./amounts.ts";
import { latencyBucketOf } from "./latency-histogram.ts";
import type { LedgerRow } from "./ledger-row.ts";

/** What identifies one rollup row. '' stands for "none". */
interface RollupKey {
  readonly tenantId: string;
  readonly granularity: "hour" | "day";
  readonly bucketStartMs: number;
  readonly eventType: string;
  readonly resource: string;
  readonly provider: string;
  readonly model: string;
}

/** Sums of one rollup row; see the comments in the migration. */
export interface Rollup extends RollupKey {
  readonly monthStartMs: number;
  events: number;
  eventsFailed: number;
  eventsRateLimited: number;
  amount: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
  partialTokens: number;
  estimatedTokens: number;
  eventsWithoutUsage: number;
  costNanoUsd: number;
  unpricedEvents: number;
  durationUsSum: number;
  durationUsMax: number;
  /** Counts by `latencyBucketOf`. */
  readonly latency: Map<number, number>;
}

/** Sums ledger rows into the hour (UTC) and day (tenant's zone) rollups they belong to, in primary-key order. Pure. */
export function rollUp(rows: readonly LedgerRow[]): Rollup[] {
  const rollups = new Map<string, Rollup>();
  for (const row of rows) {
    addTo(rollups, row, "hour", utcHourMsOfMicros(row.accountedAtMicros));
    addTo(rollups, row, "day", row.periods.day.startMs);
  }
  return [...rollups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rollup]) => rollup);
}

function addTo(rollups: Map<string, Rollup>, row: LedgerRow, granularity: "hour" | "day", startMs: number): void {
  const { event } = row;
  const { tenantId, eventType, resource, provider, model } = event;
  const key = [tenantId, granularity, startMs, eventType, resource ?? "", provider ?? "", model ?? ""].join("\u0001");
  let rollup = rollups.get(key);
  if (!rollup) {
    rollup = emptyRollup({
      tenantId,
      granularity,
      bucketStartMs: startMs,
      eventType,
      resource: resource ?? "",
      provider: provider ?? "",
      model: model ?? "",
      monthStartMs: row.periods.month.startMs,
    });
    rollups.set(key, rollup);
  }
  addEvent(rollup, row);
}

function addEvent(rollup: Rollup, { event }: LedgerRow): void {
  const tokens = tokensOf(event);
  rollup.events += 1;
  if (event.status === "failed") rollup.eventsFailed += 1;
  if (event.status === "rate_limited") rollup.eventsRateLimited += 1;
  rollup.amount += event.amount;
  rollup.inputTokens += event.inputTokens ?? 0;
  rollup.outputTokens += event.outputTokens ?? 0;
  rollup.cacheReadTokens += event.cacheReadTokens ?? 0;
  rollup.cacheWriteTokens += event.cacheWriteTokens ?? 0;
  rollup.reasoningTokens += event.reasoningTokens ?? 0;
  if (event.usageSource === "partial") rollup.partialTokens += tokens;
  if (event.usageSource === "estimated") rollup.estimatedTokens += tokens;
  if (event.usageSource === "none") rollup.eventsWithoutUsage += 1;
  rollup.costNanoUsd += event.costNanoUsd ?? 0;
  if (event.costNanoUsd === null && tokens > 0) rollup.unpricedEvents += 1;
  rollup.durationUsSum += event.durationMicros;
  rollup.durationUsMax = Math.max(rollup.durationUsMax, event.durationMicros);
  const bucket = latencyBucketOf(event.durationMicros);
  rollup.latency.set(bucket, (rollup.latency.get(bucket) ?? 0) + 1);
}

function emptyRollup(key: RollupKey & { readonly monthStartMs: number }): Rollup {
  return {
    ...key,
    events: 0,
    eventsFailed: 0,
    eventsRateLimited: 0,
    amount: 0,
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    partialTokens: 0,
    estimatedTokens: 0,
    eventsWithoutUsage: 0,
    costNanoUsd: 0,
    unpricedEvents: 0,
    durationUsSum: 0,
    durationUsMax: 0,
    latency: new Map(),
  };
}
