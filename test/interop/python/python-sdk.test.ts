import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { createPool } from "#database/pool";
import { openCuttableConnection } from "../../database/keys/cuttable-connection.ts";
import { driftFromLedger } from "../../database/record/usage-oracle.ts";
import { createTestDatabase, type TestDatabase } from "../../database/test-database.ts";
import { startCollectorProcess } from "../collector-process.ts";
import { storedEvents, storedTotals } from "../stored-usage.ts";
import { pythonEnvironment } from "./python-environment.ts";
import { startPythonService, type ServiceReport } from "./python-service.ts";

const RESOURCES = ["api_calls", "chat_messages", "embedding_tokens", "embeddings", "tokens"];

let interpreter: string;
beforeAll(async () => {
  interpreter = await pythonEnvironment();
});

test("the totals are exactly what a Python service says its tenants used", async () => {
  const { database, pool } = await emptyLedger();
  const { url } = await startCollectorProcess(database.writerUrl);
  const report = await startPythonService(interpreter, url, ["--requests", "400"]).report;
  expect(report.failedExports).toBe(0);
  expect(Object.keys(report.totals).sort()).toEqual(["acme", "globex", "initech", "umbrella", "unattributed"]);
  for (const used of Object.values(report.totals)) expect(Object.keys(used).sort()).toEqual(RESOURCES);
  await expectExactly(report, pool);
});

test("spans that a Python service delivers twice, in other batches and another order, count once", async () => {
  const { database, pool } = await emptyLedger();
  const { url } = await startCollectorProcess(database.writerUrl);
  const report = await startPythonService(interpreter, url, ["--requests", "300", "--redeliver"]).report;
  expect(report.failedExports).toBe(0);
  await expectExactly(report, pool);
});

test("a Python service loses and doubles nothing while its collector is killed and restarted", async () => {
  const { database, pool } = await emptyLedger();
  let collector = await startCollectorProcess(database.writerUrl);
  const { url } = collector;
  const service = startPythonService(interpreter, url, ["--pause-ms", "5"]);
  for (let kills = 0; kills < 3; kills++) {
    await ledgerGrows(pool);
    await collector.kill();
    // Long enough for an export to find nobody there.
    await sleep(300);
    collector = await startCollectorProcess(database.writerUrl, new URL(url).port);
  }
  await ledgerGrows(pool);
  service.stop();
  const report = await service.report;
  expect(report.warnings, "the SDK had to call again").toBeGreaterThan(0);
  expect(report.failedExports).toBe(0);
  await expectExactly(report, pool);
});

test("a Python service loses and doubles nothing while the database behind its collector is away", async () => {
  const { database, pool } = await emptyLedger();
  const connection = await openCuttableConnection(database.writerUrl);
  onTestFinished(connection.cut);
  const { url } = await startCollectorProcess(connection.url);
  const service = startPythonService(interpreter, url, ["--pause-ms", "5"]);
  for (let outages = 0; outages < 2; outages++) {
    await ledgerGrows(pool);
    await connection.cut();
    // Long enough for an export to be told of it.
    await sleep(500);
    await connection.restore();
  }
  await ledgerGrows(pool);
  service.stop();
  const report = await service.report;
  expect(report.warnings, "the SDK was told to come back").toBeGreaterThan(0);
  expect(report.failedExports).toBe(0);
  await expectExactly(report, pool);
});

/** A database of its own for the test; it stays if the test fails. */
async function emptyLedger(): Promise<{ database: TestDatabase; pool: Pool }> {
  const database = await createTestDatabase();
  const pool = createPool({ connectionString: database.ownerUrl, applicationName: "test" });
  onTestFinished(async ({ task }) => {
    await pool.end();
    if (task.result?.state !== "fail") await database.drop();
  });
  return { database, pool };
}

async function ledgerGrows(pool: Pool): Promise<void> {
  const before = await storedEvents(pool);
  await expect.poll(() => storedEvents(pool), { interval: 5, timeout: 30_000 }).toBeGreaterThan(before);
}

async function expectExactly(report: ServiceReport, pool: Pool): Promise<void> {
  expect(await storedEvents(pool)).toBe(report.events);
  expect(await storedTotals(pool)).toEqual(report.totals);
  expect(await driftFromLedger(pool)).toEqual([]);
}
