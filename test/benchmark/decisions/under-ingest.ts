import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunOptions } from "../command.ts";
import type { BenchmarkRow, Outcome } from "../comparison/row.ts";
import { median, sideBySide } from "../comparison/rounds.ts";
import { startSubject } from "../ingest/subject.ts";
import type { IngestSubject } from "../ingest/subject.ts";
import type { Load, LoadResult } from "../load/load.ts";
import { LoadProcess } from "../load/load-process.ts";
import { generatedRequest } from "../spans/otlp-encoder.ts";
import { withDurableServer } from "../system/durable-server.ts";
import { watchProcessors } from "../system/processor.ts";
import { CHECK, RESERVE, decisionLoad } from "./endpoints.ts";
import { TENANT_IDS, startQuotaService } from "./subject.ts";

const SIZES = {
  quick: { rounds: 1, roundMs: 500 },
  default: { rounds: 5, roundMs: 2_000 },
  full: { rounds: 9, roundMs: 10_000 },
} as const;
/** Ingest runs that much longer than the decisions it accompanies, on both sides. */
const MARGIN_MS = 1_000;

/** One round of decisions. */
interface Round {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  /** 0..1, of all processors. */
  readonly busy: number;
  /** What was ingested meanwhile; null = nothing. */
  readonly spansPerSecond: number | null;
}

/**
 * Rows `decision-under-ingest-*`: the p99 of decisions while a collector on the same database takes spans of the same
 * tenants as fast as it can, against their p99 while it has nothing to do. The decisions are those of `decision-check`
 * and `decision-reserve`. Smaller is better; on a small machine much of the ratio is the processors' time being shared,
 * so the notes say how busy they were.
 */
export async function measureUnderIngest({ size, profileFolder }: RunOptions): Promise<Outcome> {
  const { rounds, roundMs } = SIZES[size];
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  const generated = await generatedRequest();
  const load = new LoadProcess();
  const results = await withDurableServer(async (createDatabase) => {
    const database = await createDatabase("ours");
    const stops: (() => Promise<void>)[] = [];
    try {
      const service = await startQuotaService(database.writerUrl, folder, profileFolder);
      stops.push(service.stop);
      const collector = await startSubject(database, { generated, tenantIds: TENANT_IDS, profileFolder });
      stops.push(collector.stop);
      const [check, reserve] = [CHECK, RESERVE].map((endpoint) => decisionLoad(service.url, endpoint, roundMs));
      const measured = await sideBySide(
        {
          checkAlone: () => decide(load, check!),
          checkUnder: () => decideUnderIngest(load, check!, collector, roundMs),
          reserveAlone: () => decide(load, reserve!),
          reserveUnder: () => decideUnderIngest(load, reserve!, collector, roundMs),
        },
        { warmUp: 1, counted: rounds },
      );
      await collector.requireRolledUp();
      return measured;
    } finally {
      load.stop();
      for (const stop of stops) await stop();
      await rm(folder, { recursive: true });
    }
  });
  const row = (endpoint: string, under: readonly Round[], alone: readonly Round[]): BenchmarkRow => {
    const [value, baseline] = [under, alone].map((all) => Number(median(all.map(({ p99Ms }) => p99Ms)).toFixed(1)));
    return {
      id: `decision-under-ingest-${endpoint}`,
      unit: "ms",
      value: value!,
      baseline: baseline!,
      goal: { atMost: 2 },
    };
  };
  return {
    rows: [
      row("check", results.checkUnder, results.checkAlone),
      row("reserve", results.reserveUnder, results.reserveAlone),
    ],
    notes: Object.entries(results).map(([name, all]) => `decision-under-ingest, ${name}: ${describe(all)}`),
  };
}

async function decide(load: LoadProcess, decisions: Load): Promise<Round> {
  const busy = watchProcessors();
  const result = await load.run(decisions);
  requireDecisions(result);
  const { p50Ms, p99Ms, requests, seconds } = result;
  return { p50Ms, p99Ms, perSecond: requests / seconds, busy: busy(), spansPerSecond: null };
}

async function decideUnderIngest(
  load: LoadProcess,
  decisions: Load,
  collector: IngestSubject,
  roundMs: number,
): Promise<Round> {
  let ingestEnded = false;
  const ingest = async (): Promise<number> => {
    const { perSecond } = await collector.during(roundMs + 2 * MARGIN_MS);
    ingestEnded = true;
    return perSecond;
  };
  const decideMeanwhile = async (): Promise<Round> => {
    await sleep(MARGIN_MS);
    const round = await decide(load, decisions);
    if (ingestEnded) throw new Error("the ingest ended before the decisions did");
    return round;
  };
  const [spansPerSecond, round] = await Promise.all([ingest(), decideMeanwhile()]);
  return { ...round, spansPerSecond };
}

/** An error would be a quick answer. */
function requireDecisions({ statuses }: LoadResult): void {
  const others = Object.keys(statuses).filter((status) => !["200", "201", "429"].includes(status));
  if (others.length > 0) throw new Error(`answers by status ${JSON.stringify(statuses)}`);
}

function describe(rounds: readonly Round[]): string {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const spans = middle(({ spansPerSecond }) => spansPerSecond ?? 0);
  return [
    `p50 ${middle(({ p50Ms }) => p50Ms).toFixed(1)} ms`,
    `p99 ${middle(({ p99Ms }) => p99Ms).toFixed(1)} ms`,
    `${Math.round(middle(({ perSecond }) => perSecond))} decisions/s`,
    `${Math.round(spans)} spans/s`,
    `${availableParallelism()} processors ${Math.round(100 * middle(({ busy }) => busy))} % busy`,
  ].join(", ");
}
