import { fork } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import type { ProcessCounters } from "@quotel/instrumentation";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../database/test-database.ts";
import { startGate } from "./processes/gate.ts";
import { KEYS, startCollector, stopRooms } from "./processes/rooms.ts";

const database = await createTestDatabase();
afterAll(database.drop);
const reader = createPool({ connectionString: database.readerUrl, applicationName: "grafana" });
afterAll(() => reader.end());
const collector = await startCollector(database.writerUrl, { env: { QUOTEL_DEFAULT_PLAN: "trial" } });
afterAll(() => stopRooms([collector]));
const gate = await startGate(collector.url);
afterAll(() => gate.close());

async function rowsOf(sql: string): Promise<Record<string, unknown>[]> {
  return (await reader.query<Record<string, unknown>>(sql)).rows;
}

/** What the next message of the app says. */
function told(app: NodeJS.EventEmitter): Promise<ProcessCounters> {
  return new Promise((resolve) => app.once("message", resolve));
}

test("I12: what an app dropped, and decided without the quota service, is in the views when it has ended, and its loss is the loss there is", async () => {
  gate.state = "away";
  const app = fork(new URL("./processes/troubled-app.ts", import.meta.url).pathname, {
    execArgv: ["--import", "@quotel/instrumentation/register"],
    env: {
      PATH: process.env["PATH"],
      QUOTEL_ENDPOINT: gate.url,
      QUOTEL_INGEST_KEY: KEYS.ingest,
      QUOTEL_SPOOL_DIR: "off",
      QUOTEL_SERVICE_NAME: "importer",
      // A port of the operating system's own, where nobody listens.
      QUOTEL_QUOTA_URL: "http://127.0.0.1:1",
    },
  });
  const full = await told(app);
  expect(full.dropped).toBeGreaterThan(0);
  gate.state = "open";
  const ended = told(app);
  app.send("end");
  const { dropped, recorded, retries } = await ended;

  const completeness = () =>
    rowsOf(`select service, lost, dropped, recorded, retries, fail_open, fail_closed, damaged, quarantined,
          complete_to < newest_ended_at as has_stopped, received
        from public.producer_completeness`);
  await expect.poll(completeness, { timeout: 30_000, interval: 200 }).toEqual([
    {
      service: "importer",
      lost: dropped,
      // The heartbeat that told was recorded after it had counted.
      dropped,
      recorded: recorded - 1,
      retries,
      fail_open: 1,
      fail_closed: 0,
      damaged: 0,
      quarantined: 0,
      has_stopped: true,
      received: recorded - dropped,
    },
  ]);
  expect(
    await rowsOf(`select counter, sum(amount)::bigint as amount from public.producer_reports
        where counter in ('dropped', 'fail_open') group by 1 order by 1`),
  ).toEqual([
    { counter: "dropped", amount: dropped },
    { counter: "fail_open", amount: 1 },
  ]);
  expect(
    await rowsOf(`select name, label, value from public.pipeline_health
        where name = 'records_lost' or (name, label) = ('reported', 'fail_open') order by name`),
  ).toEqual([
    { name: "records_lost", label: null, value: dropped },
    { name: "reported", label: "fail_open", value: 1 },
  ]);
  const metrics = async () => (await fetch(`${collector.url}/metrics`)).text();
  await expect
    .poll(metrics, { timeout: 30_000, interval: 200 })
    .toMatch(new RegExp(`^quotel_collector_producer_records_lost ${dropped}$`, "m"));
  expect(await metrics()).toMatch(/^quotel_collector_producer_fail_open 1$/m);
  expect(
    await rowsOf("select sum(amount)::bigint as imports from public.usage_daily where resource = 'imports'"),
  ).toEqual([{ imports: recorded - 1 - dropped }]);
}, 120_000);
