import { randomUUIDv7 } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterAll, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { readConfig } from "../../quota-service/config.ts";
import type { QuotaServiceConfig } from "../../quota-service/config.ts";
import { startQuotaService } from "../../quota-service/quota-service.ts";
import type { RunningQuotaService } from "../../quota-service/quota-service.ts";
import { openCuttableConnection } from "../database/keys/cuttable-connection.ts";
import { createTestDatabase } from "../database/test-database.ts";

const SERVICE_KEY = "the-service-key-of-the-lifecycle";
const database = await createTestDatabase();
const connection = await openCuttableConnection(database.writerUrl);
const pool = createPool({ connectionString: connection.url, applicationName: "test" });
afterAll(database.drop);
afterAll(() => pool.end());

function configOf(env: Readonly<Record<string, string>> = {}): QuotaServiceConfig {
  const read = readConfig({ QUOTEL_QUOTA_PORT: "0", QUOTEL_SERVICE_KEY: SERVICE_KEY, ...env });
  if (read.kind === "invalid") throw new Error(read.problems.join("\n"));
  return read.config;
}

function start(env?: Readonly<Record<string, string>>): Promise<RunningQuotaService> {
  return startQuotaService(configOf(env), { pool, log: pino({ level: "silent" }) });
}

async function send(service: RunningQuotaService, method: string, path: string, body?: object): Promise<Response> {
  return fetch(new URL(path, service.url), {
    method,
    headers: { authorization: `Bearer ${SERVICE_KEY}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
}

const check = { tenantId: "acme", resource: "tokens", amount: 1 };

describe("a service without its database", () => {
  test("it starts, says that it is not ready, and becomes ready when the database comes", async () => {
    await connection.cut();
    const service = await start();
    try {
      expect((await send(service, "GET", "/healthz")).status).toBe(200);
      const unready = await send(service, "GET", "/readyz");
      expect(unready.status).toBe(503);
      expect(await unready.json()).toEqual({ status: "unready", checks: { database: false, plans: false } });
      const unknownKey = await send(service, "POST", "/v1/quota/check", check);
      expect([unknownKey.status, unknownKey.headers.get("retry-after")]).toEqual([503, "1"]);
      await connection.restore();
      await expect.poll(async () => (await send(service, "GET", "/readyz")).status, { timeout: 10_000 }).toBe(200);
      expect((await send(service, "POST", "/v1/quota/check", check)).status).toBe(200);
    } finally {
      await service.close();
    }
  });

  test("decisions say that they were made without it, the rest is 503, and all recovers with it", async () => {
    const service = await start();
    const decide = async (): Promise<unknown> => (await send(service, "POST", "/v1/quota/check", check)).json();
    try {
      expect(await decide()).toMatchObject({ allowed: true, mode: "strict", plan: "trial" });
      await connection.cut();
      expect(await decide()).toMatchObject({ allowed: true, mode: "fail_open" });
      const reserved = await send(service, "POST", "/v1/quota/reservations", {
        ...check,
        reservationId: randomUUIDv7(),
      });
      expect(reserved.status).toBe(201);
      expect(await reserved.json()).toMatchObject({ allowed: true, mode: "fail_open" });
      const lease = {
        tenantId: check.tenantId,
        reservationId: randomUUIDv7(),
        items: [{ resource: "tokens", amount: 1 }],
      };
      expect((await send(service, "POST", "/v1/quota/leases", lease)).status).toBe(503);
      const extend = { tenantId: "acme", action: "extend", ttlSeconds: 60 };
      for (const refused of [
        await send(service, "PATCH", `/v1/quota/reservations/${randomUUIDv7()}`, extend),
        await send(service, "DELETE", `/v1/quota/reservations/${randomUUIDv7()}?tenantId=globex`),
        await send(service, "GET", "/v1/usage/stats?tenantId=acme"),
      ]) {
        expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
        expect(await refused.json()).toMatchObject({ error: { code: "UNAVAILABLE" } });
      }
      await connection.restore();
      await expect.poll(decide, { timeout: 10_000 }).toMatchObject({ mode: "strict" });
    } finally {
      await service.close();
    }
  });
});

describe("closing", () => {
  test("what was asked before is answered, and idle connections do not hold it up", async () => {
    const service = await start();
    const agent = new Agent({ keepAlive: true });
    const bodies = Array.from({ length: 40 }, () => ({ ...check, reservationId: randomUUIDv7() }));
    const answers = bodies.map((body) => post(agent, `${service.url}/v1/quota/reservations`, body));
    await answers[0];
    const startedAtMs = performance.now();
    await service.close();
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    const statuses = await Promise.all(answers);
    const held = await pool.query("select from quotel.reservations where reservation_id = any ($1)", [
      bodies.map(({ reservationId }) => reservationId),
    ]);
    expect(statuses.filter((status) => status === 201)).toHaveLength(held.rows.length);
    expect(held.rows.length).toBeGreaterThan(0);
    await expect(send(service, "GET", "/healthz")).rejects.toThrow("fetch failed");
    agent.destroy();
  });

  test("connections that were opened and never used do not hold it up", async () => {
    const service = await start();
    const { hostname, port } = new URL(service.url);
    const sockets = Array.from({ length: 5 }, () => connect(Number(port), hostname));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    // Answered on a sixth connection, so the service has accepted those before it.
    await (await send(service, "GET", "/healthz")).arrayBuffer();
    const ended = Promise.all(sockets.map((socket) => once(socket.resume(), "close")));
    const startedAtMs = performance.now();
    await service.close();
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    await ended;
  });

  test("a request that is half sent when the service closes is answered, and its connection ends with the answer", async () => {
    const service = await start();
    const body = JSON.stringify(check);
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    const head = `POST /v1/quota/check HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${SERVICE_KEY}\r\nexpect: 100-continue`;
    socket.write(`${head}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`);
    // "100 Continue": the service has the head of the request.
    await once(socket, "readable");
    const closed = service.close();
    socket.write(body);
    const answer = await text(socket);
    expect(answer).toMatch(/HTTP\/1\.1 200 /);
    expect(answer).toMatch(/^connection: close\r$/im);
    await closed;
  });
});

describe("a start that cannot succeed", () => {
  test("a catalogue with mistakes is refused with each of them", async () => {
    const file = join(tmpdir(), `quotel-plans-${randomUUIDv7()}.json`);
    await writeFile(
      file,
      JSON.stringify({ plans: { trial: { limits: [{ resource: "tokens", period: "week", amount: -1 }] } } }),
    );
    const started = start({ QUOTEL_PLANS: file });
    await expect(started).rejects.toThrow(/plans\.trial\.limits\[0\]\.period[^]*plans\.trial\.limits\[0\]\.amount/);
    await expect(start({ QUOTEL_PLANS: "/nowhere/plans.json" })).rejects.toThrow("/nowhere/plans.json");
  });

  test("a default plan that the catalogue does not have is refused with those it has", async () => {
    await expect(start({ QUOTEL_DEFAULT_PLAN: "platinum" })).rejects.toThrow(
      "trial, starter, pro, enterprise, or none",
    );
  });

  test("a port that is taken is refused", async () => {
    const service = await start();
    await expect(start({ QUOTEL_QUOTA_PORT: new URL(service.url).port })).rejects.toThrow(
      /is in use: stop what has it, or set QUOTEL_QUOTA_PORT/,
    );
    await service.close();
  });
});

/** The answer's status, or 0 where there was no answer. */
function post(agent: Agent, url: string, body: object): Promise<number> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${SERVICE_KEY}`, "content-type": "application/json" };
    const sent = request(url, { method: "POST", agent, headers }, (answer) => {
      answer.resume().once("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.once("error", () => resolve(0));
    sent.end(JSON.stringify(body));
  });
}
