import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOptions } from "../command.ts";
import type { Goal, Outcome } from "../comparison/row.ts";
import { median, sideBySide } from "../comparison/rounds.ts";
import type { Load, LoadResult } from "../load/load.ts";
import { LoadProcess } from "../load/load-process.ts";
import { startProgram } from "../system/program.ts";
import type { RunningProgram } from "../system/program.ts";
import { withDurableServer } from "../system/durable-server.ts";
import { CHECK, RESERVE, decisionLoad } from "./endpoints.ts";
import type { Endpoint } from "./endpoints.ts";
import { startQuotaService } from "./subject.ts";

const SIZES = {
  quick: { rounds: 1, roundMs: 500 },
  default: { rounds: 5, roundMs: 3_000 },
  full: { rounds: 9, roundMs: 10_000 },
} as const;
const CHECK_GOALS = { http: { atLeast: 0.85 }, limiter: { atLeast: 2.5 } };
const RESERVE_GOALS = { http: { atLeast: 0.65 }, limiter: { atLeast: 2 } };

/** Of a p99. */
const P99_GOAL = { atMost: 2 };

/** Rows `decision-check-*`. */
export function measureCheck(run: RunOptions): Promise<Outcome> {
  return measure("decision-check", CHECK, CHECK_GOALS, run);
}

/** Rows `decision-reserve-*`. */
export function measureReserve(run: RunOptions): Promise<Outcome> {
  return measure("decision-reserve", RESERVE, RESERVE_GOALS, run);
}

/**
 * A quota service process under 64 connections that always wait for an answer; against a bare Express server that reads
 * the same JSON and answers one of our answers, and against Express with rate-limiter-flexible on the same Postgres,
 * which consumes the two resources and answers the same. All three are processes of their own, and so is the load.
 */
async function measure(
  id: string,
  endpoint: Endpoint,
  goals: { readonly http: Goal; readonly limiter: Goal },
  { size, profileFolder }: RunOptions,
): Promise<Outcome> {
  const { rounds, roundMs } = SIZES[size];
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  const load = new LoadProcess();
  const programs: RunningProgram[] = [];
  const started = async (starting: Promise<RunningProgram>): Promise<RunningProgram> => {
    const program = await starting;
    programs.push(program);
    return program;
  };
  const results = await withDurableServer(async (createDatabase) => {
    try {
      const ours = await createDatabase("ours");
      const limited = await createDatabase("limited");
      const service = await started(startQuotaService(ours.writerUrl, folder, profileFolder));
      const answers = join(folder, "answer.json");
      await writeFile(answers, await sampleAnswer(decisionLoad(service.url, endpoint, roundMs)));
      const http = await started(startProgram("test/benchmark/programs/bare-express.ts", { ANSWER: answers }));
      const limiter = await started(
        startProgram("test/benchmark/programs/express-limiter.ts", { ANSWER: answers, DATABASE_URL: limited.adminUrl }),
      );
      const under = (url: string) => (): Promise<LoadResult> => load.run(decisionLoad(url, endpoint, roundMs));
      return await sideBySide(
        { ours: under(service.url), http: under(http.url), limiter: under(limiter.url) },
        { warmUp: 1, counted: rounds },
      );
    } finally {
      load.stop();
      for (const program of programs) await program.stop();
      await rm(folder, { recursive: true });
    }
  });
  const value = Math.round(throughput(results.ours));
  const row = (name: "http" | "limiter") => {
    const baseline = Math.round(throughput(results[name]));
    return { id: `${id}-${name}`, unit: "decisions/s", value, baseline, goal: goals[name] };
  };
  const labels = { ours: "ours", http: "bare Express", limiter: "rate-limiter-flexible" } as const;
  const [p99, p99Http] = [results.ours, results.http].map((all) =>
    Number(median(all.map((it) => it.p99Ms)).toFixed(1)),
  );
  const p99Row = { id: `${id}-p99`, unit: "ms", value: p99!, baseline: p99Http!, goal: P99_GOAL };
  const notes = (["ours", "http", "limiter"] as const).map(
    (name) => `${id}, ${labels[name]}: ${describe(results[name])}`,
  );
  return { rows: [row("http"), row("limiter"), p99Row], notes };
}

/** What our service says to a tenant with room. */
async function sampleAnswer({ url, headers, bodies }: Load): Promise<string> {
  const response = await fetch(url, { method: "POST", headers, body: new Uint8Array(bodies[1]!) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return text;
}

function throughput(rounds: readonly LoadResult[]): number {
  return median(rounds.map(({ requests, seconds }) => requests / seconds));
}

/** Latencies, and what was answered in the last round. */
function describe(rounds: readonly LoadResult[]): string {
  const p50 = median(rounds.map((round) => round.p50Ms)).toFixed(1);
  const p99 = median(rounds.map((round) => round.p99Ms)).toFixed(1);
  const statuses = Object.entries(rounds.at(-1)!.statuses).map(([status, count]) => `${count} x ${status}`);
  return `p50 ${p50} ms, p99 ${p99} ms (${statuses.join(", ")})`;
}
