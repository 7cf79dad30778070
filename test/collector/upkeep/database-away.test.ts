import { pino } from "pino";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { readConfig } from "../../../collector/config.ts";
import { startCollectorOnPostgres } from "../../../collector/on-postgres.ts";
import { cutStuckConnections } from "../../../collector/upkeep/stuck-connections.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { KEYS } from "../../pipeline/processes/rooms.ts";
import { chatEvent, sendSpans } from "../../pipeline/traffic/telemetry.ts";
import { databaseLine } from "./database-line.ts";

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
afterAll(() => admin.end());
const line = await databaseLine(database.writerUrl);
afterAll(() => line[Symbol.asyncDispose]());
const pool = createPool({ connectionString: line.url, applicationName: "collector", connectTimeoutMs: 1_000 });
afterAll(() => pool.end());

test("while the database is away senders are asked to come back and operators are told, and all recovers by itself", async () => {
  const read = readConfig({ QUOTEL_COLLECTOR_PORT: "0", QUOTEL_INGEST_KEY: KEYS.ingest });
  if (read.kind === "invalid") throw new Error(read.problems.join());
  const collector = await startCollectorOnPostgres(read.config, pool, pino({ level: "silent" }));
  try {
    const ready = async (): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(`${collector.url}/readyz`);
      return { status: response.status, body: await response.json() };
    };
    const events = [1, 2, 3].map((n) => chatEvent("acme", `away ${n}`, n));
    expect((await sendSpans(collector.url, [events[0]!])).status).toBe(200);
    expect(await ready()).toEqual({ status: 200, body: { status: "ok" } });

    line.become("cut");
    const answers = await Promise.all(Array.from({ length: 20 }, () => sendSpans(collector.url, events)));
    for (const { status, headers } of answers) {
      expect(status).toBe(503);
      expect(headers.get("retry-after")).toMatch(/^[1-3]$/);
    }
    expect(await ready()).toEqual({
      status: 503,
      body: { status: "unavailable", reasons: ["the database does not answer"] },
    });
    expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);
    const upkeepFailures = async (): Promise<string> => (await fetch(`${collector.url}/metrics`)).text();
    await expect
      .poll(upkeepFailures, { timeout: 20_000, interval: 200 })
      .toMatch(/^quotel_collector_upkeep_failures_total\{job="fold"\} [1-9]/m);

    line.become("open");
    await expect.poll(async () => (await sendSpans(collector.url, events)).status, { timeout: 10_000 }).toBe(200);
    expect(await ready()).toMatchObject({ status: 200 });
    const { rows } = await admin.query(
      "select count(*)::int as events, sum(input_tokens)::int as tokens from quotel.usage_events",
    );
    expect(rows).toEqual([{ events: 3, tokens: 6 }]);

    const metrics = await (await fetch(`${collector.url}/metrics`)).text();
    expect(metrics).toMatch(/^quotel_collector_events_total\{outcome="accepted"\} 3$/m);
    expect(metrics).toMatch(/^quotel_collector_events_total\{outcome="unavailable"\} [1-9]/m);
    expect(metrics).toMatch(/^quotel_collector_requests_total\{status="503"\} [1-9]/m);
    expect(metrics).toMatch(/^quotel_collector_commit_seconds_count\{signal="traces"\} [1-9]/m);
    expect(metrics).toMatch(/^quotel_collector_bytes_in_flight 0$/m);
    const health = async (): Promise<unknown> => {
      const { rows } = await admin.query(
        "select name, label, value from public.pipeline_health where (name, label) in (('events', 'accepted'), ('spans_accepted_by_scope', 'none'))",
      );
      return rows.length;
    };
    await expect.poll(health, { timeout: 15_000, interval: 200 }).toBe(2);
  } finally {
    await collector.close();
  }
});

test("a connection whose database has fallen silent is cut, its statement fails, and the next one gets another connection", async () => {
  const silentPool = createPool({ connectionString: line.url, applicationName: "silent", max: 1 });
  const cutting = cutStuckConnections(silentPool, 100);
  try {
    await silentPool.query("select 1");
    line.become("silent");
    await expect(silentPool.query("select 2")).rejects.toThrow(/terminated|closed/);
    line.become("open");
    expect((await silentPool.query("select 3 as n")).rows).toEqual([{ n: 3 }]);
    // Not in use, it is not cut.
    await new Promise((resolve) => setTimeout(resolve, 150));
    const { rows } = await silentPool.query("select pg_backend_pid() as pid");
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await silentPool.query("select pg_backend_pid() as pid")).rows).toEqual(rows);
  } finally {
    cutting.stop();
    await silentPool.end();
  }
});
