import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import type { ClientConfig } from "pg";
import { afterAll, expect, test } from "vitest";
import { withThrowawayServer } from "#database/embedded/throwaway";
import { environmentOf, readServices } from "./compose-file.ts";
import { RunningService, freePort } from "./running-service.ts";

const services = await readServices();
const folder = await mkdtemp(join(tmpdir(), "quotel-compose-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `host:port` inside the compose network -> the port here that stands for it. */
type Ports = Map<string, string>;

test("every command runs with its environment, looks at every variable of it, and together they meter a chat", async () => {
  await withThrowawayServer(async (adminUrl) => {
    await initialiseAsTheImageDoes(adminUrl);
    const ports = await freePorts(["collector:4318", "quota-service:4320", "provider:3002", "chat-api:3000"]);
    ports.set("postgres:5432", new URL(adminUrl).port);
    await using running = new AsyncDisposableStack();
    const start = (name: string): RunningService => {
      const command = services[name]?.command ?? [];
      const service = new RunningService(name, command, localEnvironment(name, ports), folder);
      running.defer(() => service.stop());
      return service;
    };

    const migrate = start("migrate");
    await migrate.succeeded();
    expect(await unread("migrate", migrate), "migrate").toEqual([]);

    // The demo app and the fake provider have no health route: that they answer 404 says that they listen.
    const probes = {
      collector: [healthUrl("collector", ports), 200],
      "quota-service": [healthUrl("quota-service", ports), 200],
      provider: [`http://127.0.0.1:${ports.get("provider:3002")}/`, 404],
      "chat-api": [`http://127.0.0.1:${ports.get("chat-api:3000")}/`, 404],
    } as const;
    for (const [name, [url, status]] of Object.entries(probes)) {
      const service = start(name);
      await service.ready(url, status);
      expect(await unread(name, service), name).toEqual([]);
    }

    // The keys and addresses fit together: the chat is admitted, metered and seen by Grafana's login.
    expect(await chat(ports, "acme")).toBe(200);
    const seen = "select tenant_id from usage_daily where resource = 'tokens' and amount > 0";
    await expect.poll(() => readAsGrafana(ports, seen), { timeout: 15_000 }).toEqual([{ tenant_id: "acme" }]);
  });
});

/** What the postgres image makes of POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB in an empty volume. */
async function initialiseAsTheImageDoes(adminUrl: string): Promise<void> {
  const { POSTGRES_USER = "", POSTGRES_PASSWORD = "", POSTGRES_DB = "" } = environmentOf(services, "postgres");
  const url = new URL(adminUrl);
  url.pathname = "postgres";
  const [user, database] = [escapeIdentifier(POSTGRES_USER), escapeIdentifier(POSTGRES_DB)];
  await onDatabase({ connectionString: url.href }, async (client) => {
    await client.query(`create role ${user} superuser login password ${escapeLiteral(POSTGRES_PASSWORD)}`);
    // The embedded server comes with one.
    await client.query(`drop database if exists ${database} with (force)`);
    await client.query(`create database ${database} owner ${user}`);
  });
}

async function onDatabase<T>(config: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(config);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function freePorts(places: readonly string[]): Promise<Ports> {
  const ports: Ports = new Map();
  for (const place of places) ports.set(place, String(await freePort()));
  return ports;
}

/** The service's environment with only this changed: container names are this machine, and ports are free ones. */
function localEnvironment(name: string, ports: Ports): Record<string, string> {
  const local: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environmentOf(services, name))) {
    let here = value === "0.0.0.0" ? "127.0.0.1" : value;
    for (const [place, port] of ports) here = here.replace(place, `127.0.0.1:${port}`);
    local[variable] = ports.get(`${name}:${value}`) ?? here;
  }
  return local;
}

/** The URL that the container's health check asks. */
function healthUrl(name: string, ports: Ports): string {
  const command = services[name]?.healthcheck?.test.join(" ") ?? "";
  const [, port, path] = /http:\/\/127\.0\.0\.1:(\d+)(\/\w+)/.exec(command) ?? [];
  expect(path, name).toBe("/readyz");
  return `http://127.0.0.1:${ports.get(`${name}:${port}`)}${path}`;
}

/** The variables that the compose file gives the process and that it has not looked at. */
async function unread(name: string, service: RunningService): Promise<string[]> {
  const read = await service.variables();
  return Object.keys(environmentOf(services, name)).filter((variable) => !read.has(variable));
}

/** One chat of a tenant through the demo app; the fake provider fails now and then, which the app's SDK tries again. */
async function chat(ports: Ports, tenantId: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${ports.get("chat-api:3000")}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-tenant-id": tenantId },
    body: JSON.stringify({ messages: [{ role: "user", content: "hello" }] }),
  });
  return response.status;
}

/** What Grafana would show: it does not run here, but its login, its address and its views do. */
async function readAsGrafana(ports: Ports, sql: string): Promise<unknown[]> {
  const env = environmentOf(services, "grafana");
  const login = {
    host: "127.0.0.1",
    port: Number(ports.get(env["QUOTEL_READER_ADDRESS"] ?? "")),
    user: env["QUOTEL_READER_USER"] ?? "",
    password: env["QUOTEL_READER_PASSWORD"] ?? "",
    database: env["QUOTEL_READER_DATABASE"] ?? "",
  };
  return onDatabase(login, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);
}
