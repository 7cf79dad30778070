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

test("every command runs with its environment, becomes ready and looks at every variable it is given", async () => {
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
    await expectGrafanaCanRead(ports);
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

async function onDatabase(config: ClientConfig, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(config);
  await client.connect();
  try {
    await work(client);
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

/** Grafana itself does not run here; its login and its address must work all the same. */
async function expectGrafanaCanRead(ports: Ports): Promise<void> {
  const env = environmentOf(services, "grafana");
  const login = {
    host: "127.0.0.1",
    port: Number(ports.get(env["QUOTEL_READER_ADDRESS"] ?? "")),
    user: env["QUOTEL_READER_USER"] ?? "",
    password: env["QUOTEL_READER_PASSWORD"] ?? "",
    database: env["QUOTEL_READER_DATABASE"] ?? "",
  };
  await onDatabase(login, async (client) => {
    expect((await client.query("select tenant_id from quota_status")).rows).toEqual([]);
  });
}
