import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOptions } from "../command.ts";
import type { Outcome } from "../comparison/row.ts";
import { median, sideBySide } from "../comparison/rounds.ts";
import type { Load, LoadResult } from "../load/load.ts";
import { LoadProcess } from "../load/load-process.ts";
import { startProgram } from "../system/program.ts";
import type { ProgramOptions, RunningProgram } from "../system/program.ts";

const APP = "test/benchmark/programs/express-app.ts";
const SIZES = {
  quick: { rounds: 1, roundMs: 500 },
  default: { rounds: 7, roundMs: 2_000 },
  full: { rounds: 15, roundMs: 5_000 },
} as const;
const CONNECTIONS = 32;

/**
 * Row `app-overhead`: requests per second of one Express app, metered by the built `register` (every request becomes an
 * event, spooled and delivered), against the same app under OpenTelemetry's http and express instrumentation with the SDK's
 * batch exporter. Both send to a process that takes everything. The note has the bare app.
 */
export async function measureOverhead({ size }: RunOptions): Promise<Outcome> {
  const { rounds, roundMs } = SIZES[size];
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  const load = new LoadProcess();
  const programs: RunningProgram[] = [];
  const start = async (file: string, env: Record<string, string>, options: ProgramOptions): Promise<string> => {
    const program = await startProgram(file, env, options);
    programs.push(program);
    return program.url;
  };
  try {
    const sink = await start("test/benchmark/programs/otlp-sink.ts", {}, {});
    const ours = { QUOTEL_ENDPOINT: sink, QUOTEL_SPOOL_DIR: folder, QUOTEL_TENANT_HEADER: "x-tenant-id" };
    const urls = {
      metered: await start(APP, ours, { imports: ["instrumentation/dist/register.js"] }),
      traced: await start(
        APP,
        { OTEL_EXPORTER_OTLP_ENDPOINT: sink },
        { imports: ["test/benchmark/programs/upstream-tracing.ts"] },
      ),
      bare: await start(APP, {}, {}),
    };
    const under = (url: string) => (): Promise<LoadResult> => load.run(requestsTo(url, roundMs));
    const results = await sideBySide(
      { metered: under(urls.metered), traced: under(urls.traced), bare: under(urls.bare) },
      { warmUp: 2, counted: rounds },
    );
    const [value, baseline, bare] = [results.metered, results.traced, results.bare].map(throughput) as [
      number,
      number,
      number,
    ];
    const note = `app-overhead: the bare app ${bare} requests/s, so metered is ${(value / bare).toFixed(2)}x of it and traced ${(baseline / bare).toFixed(2)}x`;
    return {
      rows: [{ id: "app-overhead", unit: "requests/s", value, baseline, goal: { atLeast: 1 } }],
      notes: [note],
    };
  } finally {
    load.stop();
    for (const program of programs) await program.stop();
    await rm(folder, { recursive: true });
  }
}

function requestsTo(url: string, forMs: number): Load {
  return {
    url: `${url}/notes/17/comments`,
    headers: { "content-type": "application/json", "x-tenant-id": "acme" },
    connections: CONNECTIONS,
    bodies: [Buffer.from(JSON.stringify({ text: "A comment of some length", by: "someone", tags: ["a", "b"] }))],
    renewed: null,
    until: forMs,
  };
}

function throughput(rounds: readonly LoadResult[]): number {
  if (rounds.some(({ statuses }) => Object.keys(statuses).join() !== "200"))
    throw new Error("the app did not answer 200");
  return Math.round(median(rounds.map(({ requests, seconds }) => requests / seconds)));
}
