import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../database/test-database.ts";
import { postTraces } from "./receive/collector-under-test.ts";
import { chatRequest } from "./receive/requests.ts";

const KEY = "a-key-for-the-collector-process";
const database = await createTestDatabase();
afterAll(database.drop);

interface LogLine {
  readonly url?: string;
  readonly msg?: string;
  readonly err?: { readonly message: string };
  readonly problems?: readonly string[];
}

test("npm run collector records what it acknowledges, once, and drains on SIGTERM", async () => {
  const { child, ended, lines } = run({ DATABASE_URL: database.writerUrl, QUOTEL_INGEST_KEY: KEY });
  const url = await lines.find(({ url: listening }) => listening !== undefined);
  const endedAt = `${Date.now() - 1000}000000`;
  const batch = chatRequest(50, () => ({ startTimeUnixNano: endedAt, endTimeUnixNano: endedAt }));
  const headers = { authorization: `Bearer ${KEY}` };
  const deliveries = await Promise.all([1, 2, 3].map(() => postTraces(url.url!, batch, headers)));
  expect(deliveries.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await postTraces(url.url!, batch, { authorization: "Bearer another-key-altogether" })).status).toBe(401);
  expect((await fetch(`${url.url}/readyz`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);

  const pool = createPool({ connectionString: database.ownerUrl, applicationName: "test" });
  onTestFinished(() => pool.end());
  const { rows } = await pool.query(
    "select count(*)::int, sum(input_tokens)::int as input from quotel.usage_events where tenant_id = 'acme'",
  );
  expect(rows).toEqual([{ count: 50, input: (49 * 50) / 2 }]);
});

test("what is under way at SIGTERM is committed and answered, newcomers are refused, and the collector ends", async () => {
  const { child, ended, lines } = run({ DATABASE_URL: database.writerUrl, QUOTEL_INGEST_KEY: KEY });
  const { url } = await lines.find(({ url: listening }) => listening !== undefined);
  const headers = { authorization: `Bearer ${KEY}` };
  const request = (from: number): string =>
    chatRequest(2, (index) => {
      const endTimeUnixNano = `${Date.now()}000000`;
      return { traceId: String(from + index).padStart(32, "f"), startTimeUnixNano: endTimeUnixNano, endTimeUnixNano };
    });
  expect((await postTraces(url!, request(0), headers)).status).toBe(200);

  const pool = createPool({ connectionString: database.adminUrl, applicationName: "test" });
  onTestFinished(() => pool.end());
  const blocker = await pool.connect();
  await blocker.query("begin");
  await blocker.query("lock table quotel.day_totals in exclusive mode");
  const underWay = postTraces(url!, request(2), headers);
  const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(1);
  child.kill("SIGTERM");
  await lines.find(({ msg }) => msg === "draining");
  await expect.poll(() => fetch(`${url}/healthz`).catch(() => "refused")).toBe("refused");
  await blocker.query("commit");
  blocker.release();

  expect((await underWay).status).toBe(200);
  expect(await ended).toEqual([0, null]);
  const { rows } = await pool.query(
    "select count(*)::int as committed from quotel.usage_events where trace_id::text like 'ffffffff%'",
  );
  expect(rows).toEqual([{ committed: 4 }]);
});

test("the collector refuses to run as a superuser", async () => {
  const { ended, lines } = run({ DATABASE_URL: database.adminUrl });
  const refusal = await lines.find(({ err }) => err !== undefined);
  expect(refusal.err?.message).toContain("quotel_writer");
  expect(await ended).toEqual([1, null]);
});

test("the collector names every problem of its environment and ends", async () => {
  const { ended, lines } = run({ DATABASE_URL: "nonsense", QUOTEL_COLLECTOR_PORT: "-1" });
  expect(await ended).toEqual([1, null]);
  expect(lines.seen[0]?.problems).toEqual([
    "DATABASE_URL must begin with postgres:// or postgresql://",
    "QUOTEL_COLLECTOR_PORT=-1 is not an integer from 0 to 65535",
  ]);
});

/** Runs the room as its npm script does, on a free port unless told otherwise. */
function run(env: Record<string, string>): { child: ChildProcess; ended: Promise<unknown[]>; lines: LogLines } {
  const main = join(import.meta.dirname, "../../collector/main.ts");
  const child = spawn(process.execPath, ["-C", "quotel-source", main], {
    env: { PATH: process.env["PATH"] ?? "", QUOTEL_COLLECTOR_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  // "close" comes when its output has been read to the end, too.
  return { child, ended: once(child, "close"), lines: new LogLines(child) };
}

class LogLines {
  readonly seen: LogLine[] = [];
  readonly #reader;

  constructor(child: ChildProcess) {
    this.#reader = createInterface({ input: child.stdout! });
    this.#reader.on("line", (line) => this.seen.push(JSON.parse(line) as LogLine));
  }

  /** The first line that fits, of those seen and those to come. */
  async find(fits: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.seen.find(fits);
      if (found !== undefined) return found;
      await once(this.#reader, "line");
    }
  }
}
