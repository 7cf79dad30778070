import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "../experiments.ts";
import type { LoadResult } from "../load/load.ts";
import { LoadProcess } from "../load/load-process.ts";
import { median, sideBySide } from "../measure.ts";
import { startProgram } from "../system/program.ts";
import type { RunningProgram } from "../system/program.ts";
import { withDurableServer } from "../system/durable-server.ts";
import { ASKED, HEADERS, TENANT_IDS, startQuotaService } from "./subject.ts";

const CONNECTIONS = 64;
const ID_PLACEHOLDER = "00000000-0000-7000-8000-000000000000";

/** One endpoint, and what its requests hold beside tenant and items. */
interface Endpoint {
  readonly row: string;
  readonly path: string;
  readonly fields: object;
  readonly goals: { readonly http: number; readonly limiter: number };
}

const CHECK: Endpoint = {
  row: "decision-check",
  path: "/v1/quota/check",
  fields: {},
  goals: { http: 0.85, limiter: 2.5 },
};
const RESERVE: Endpoint = {
  row: "decision-reserve",
  path: "/v1/quota/reservations",
  fields: { reservationId: ID_PLACEHOLDER, ttlSeconds: 300 },
  goals: { http: 0.65, limiter: 2 },
};

/** Rows `decision-check-*`. */
export function measureCheck(full: boolean): Promise<Outcome> {
  return measure(CHECK, full);
}

/** Rows `decision-reserve-*`. */
export function measureReserve(full: boolean): Promise<Outcome> {
  return measure(RESERVE, full);
}

/**
 * A quota service process under 64 connections that always wait for an answer; against a bare Express server that reads
 * the same JSON and answers one of our answers, and against Express with rate-limiter-flexible on the same Postgres,
 * which consumes the two resources and answers the same. All three are processes of their own, and so is the load.
 */
async function measure(endpoint: Endpoint, full: boolean): Promise<Outcome> {
  const rounds = { warmUp: 1, counted: full ? 9 : 5 };
  const roundMs = full ? 10_000 : 3_000;
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  const bodies = TENANT_IDS.map((tenantId) =>
    Buffer.from(JSON.stringify({ tenantId, ...endpoint.fields, items: ASKED })),
  );
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
      const service = await started(startQuotaService(ours.writerUrl, folder));
      const answers = join(folder, "answer.json");
      await writeFile(answers, await sampleAnswer(`${service.url}${endpoint.path}`, bodies[1]!));
      const http = await started(startProgram("test/benchmark/programs/bare-express.ts", { ANSWER: answers }));
      const limiter = await started(
        startProgram("test/benchmark/programs/express-limiter.ts", { ANSWER: answers, DATABASE_URL: limited.adminUrl }),
      );
      const under = (url: string) => (): Promise<LoadResult> =>
        load.run({
          url: `${url}${endpoint.path}`,
          headers: HEADERS,
          connections: CONNECTIONS,
          bodies,
          idPlaceholder: ID_PLACEHOLDER,
          until: roundMs,
        });
      return await sideBySide({ ours: under(service.url), http: under(http.url), limiter: under(limiter.url) }, rounds);
    } finally {
      load.stop();
      for (const program of programs) await program.stop();
      await rm(folder, { recursive: true });
    }
  });
  const value = Math.round(throughput(results.ours));
  const row = (name: "http" | "limiter") => {
    const baseline = Math.round(throughput(results[name]));
    const goal = endpoint.goals[name];
    return { id: `${endpoint.row}-${name}`, unit: "decisions/s", value, baseline, ratio: value / baseline, goal };
  };
  const labels = { ours: "ours", http: "bare Express", limiter: "rate-limiter-flexible" } as const;
  const notes = (["ours", "http", "limiter"] as const).map(
    (name) => `${endpoint.row}, ${labels[name]}: ${describe(results[name])}`,
  );
  return { rows: [row("http"), row("limiter")], notes };
}

/** What our service says to a tenant with room. */
async function sampleAnswer(url: string, body: Buffer): Promise<string> {
  const response = await fetch(url, { method: "POST", headers: HEADERS, body: new Uint8Array(body) });
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
