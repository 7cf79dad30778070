import { pino } from "pino";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { readConfig } from "../../../collector/config.ts";
import { startCollectorOnPostgres } from "../../../collector/on-postgres.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { KEYS } from "../../pipeline/processes/rooms.ts";
import { chatEvent, sendSpans, tracesRequest } from "../../pipeline/traffic/telemetry.ts";
import { KEY } from "./collector-under-test.ts";
import { callExport } from "./grpc-call.ts";
import { startReceivers } from "./receivers-under-test.ts";

const database = await createTestDatabase();
afterAll(database.drop);
const owner = createPool({ connectionString: database.ownerUrl, applicationName: "owner" });
afterAll(() => owner.end());
const pool = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
afterAll(() => pool.end());

const SLOW_JSON = JSON.stringify({ code: 14, message: "the database is slow" });

function send(url: string, body = "{}"): Promise<Response> {
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
  return fetch(`${url}/v1/traces`, { method: "POST", headers, body });
}

test("while the database stalls senders are asked to come back, and what waits is held against the budget until it is committed", async () => {
  const read = readConfig({ QUOTEL_COLLECTOR_PORT: "0", QUOTEL_INGEST_KEY: KEYS.ingest });
  if (read.kind === "invalid") throw new Error(read.problems.join());
  const events = [1, 2, 3].map((n) => chatEvent("acme", `stalled ${n}`, n));
  const bytes = Buffer.byteLength(tracesRequest(events));
  const config = { ...read.config, answerWithinMs: 200, bodyBytesMax: 2 * bytes, inFlightBytesMax: 2.5 * bytes };
  const collector = await startCollectorOnPostgres(config, pool, pino({ level: "silent" }));
  const bytesInFlight = async (): Promise<number> => {
    const metrics = await (await fetch(`${collector.url}/metrics`)).text();
    return Number(/^quotel_collector_bytes_in_flight (\d+)$/m.exec(metrics)?.[1]);
  };
  const blocker = await owner.connect();
  try {
    await blocker.query("begin");
    await blocker.query("lock table quotel.usage_events in exclusive mode");
    for (const message of ["the database is slow", "the database is slow", "too many bytes in flight"]) {
      const answer = await sendSpans(collector.url, events);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ message });
    }
    expect(await bytesInFlight()).toBe(2 * bytes);
    await blocker.query("commit");
    await expect.poll(bytesInFlight).toBe(0);
    expect((await sendSpans(collector.url, events)).status).toBe(200);
    const { rows } = await owner.query("select count(*)::int as events from quotel.usage_events");
    expect(rows).toEqual([{ events: 3 }]);
  } finally {
    blocker.release(true);
    await collector.close();
  }
});

test("a request that takes longer than senders wait is answered 503 over HTTP and UNAVAILABLE over gRPC, and its bytes are given back when its work ends, however it ends", async () => {
  const works = [1, 2, 3].map(() => Promise.withResolvers<{ kind: "accepted"; rejected: 0; message: string }>());
  const begun = works.values();
  const { http, grpc, budget, faults } = await startReceivers({
    answerWithinMs: 50,
    answer: () => begun.next().value!.promise,
  });
  const first = await send(http.url);
  expect([first.status, first.headers.get("retry-after"), await first.text()]).toEqual([503, "3", SLOW_JSON]);
  expect(await callExport(grpc.url, new Uint8Array(2))).toMatchObject({ code: 14, retrySeconds: 3 });
  // Framed and unframed, the two bytes of the gRPC message are held twice.
  expect(budget.held).toBeGreaterThanOrEqual(4);
  works[0]!.resolve({ kind: "accepted", rejected: 0, message: "" });
  works[1]!.reject(new Error("came to nothing"));
  await expect.poll(() => budget.held).toBe(0);
  expect(faults).toEqual([new Error("came to nothing")]);
  works[2]!.resolve({ kind: "accepted", rejected: 0, message: "" });
  expect((await send(http.url)).status).toBe(200);
});

test("a listener to answers that fails costs no sender its answer, over HTTP or gRPC, for accepted and refused requests", async () => {
  const { http, grpc, budget, faults } = await startReceivers({
    onAnswer: () => {
      throw new Error("the counter is broken");
    },
  });
  expect((await send(http.url)).status).toBe(200);
  expect((await fetch(`${http.url}/v1/traces`, { method: "POST" })).status).toBe(401);
  expect(await callExport(grpc.url, new Uint8Array(2))).toMatchObject({ kind: "response" });
  expect(await callExport(grpc.url, new Uint8Array(2), { authorization: null })).toMatchObject({ code: 16 });
  expect(faults).toHaveLength(4);
  expect(budget.held).toBe(0);
});
