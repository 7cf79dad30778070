import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createTestDatabase } from "../../database/test-database.ts";
import { startScriptedProvider } from "../../instrumentation/providers/scripted-provider.ts";
import { KEYS, ROOT, planFile, startCollector, startQuotaService, stopRooms } from "../processes/rooms.ts";

const DOCTOR = join(ROOT, "instrumentation/dist/doctor/main.js");
const APP = join(import.meta.dirname, "apps/asking.ts");
const METERED = ["node", "--import", "@quotel/instrumentation/register", APP];

const database = await createTestDatabase();
afterAll(database.drop);
const plans = await planFile("trial", [{ resource: "api_calls", period: "day", amount: 1000 }]);
afterAll(plans.remove);
const rooms = await Promise.all([
  startCollector(database.writerUrl, { env: plans.env }),
  startQuotaService(database.writerUrl, { env: plans.env }),
]);
afterAll(() => stopRooms(rooms));
const provider = await startScriptedProvider();
afterAll(() => provider.close());

let spool: string;
beforeAll(async () => {
  spool = await mkdtemp(join(tmpdir(), "quotel-doctor-test-"));
});
afterAll(() => rm(spool, { recursive: true, force: true }));

interface Report {
  readonly code: number | null;
  readonly text: string;
  /** What was found, by topic; without what differs from run to run. */
  readonly levels: readonly string[];
}

/** Runs the doctor; an app it runs gets these requests, one after the other, and is then ended. */
async function doctor(
  env: Readonly<Record<string, string>>,
  app: { readonly command: readonly string[]; readonly requests: readonly string[] } | null = null,
): Promise<Report> {
  const command = app === null ? [] : ["--", ...app.command];
  const child = spawn(process.execPath, [DOCTOR, "--json", ...command], {
    cwd: ROOT,
    env: {
      PATH: process.env["PATH"],
      QUOTEL_ENDPOINT: rooms[0].url,
      QUOTEL_INGEST_KEY: KEYS.ingest,
      QUOTEL_QUOTA_URL: rooms[1].url,
      QUOTEL_SERVICE_KEY: KEYS.service,
      QUOTEL_TENANT_HEADER: "x-tenant-id",
      QUOTEL_METER_HOSTS: "127.0.0.1",
      QUOTEL_SPOOL_DIR: spool,
      PROVIDER_URL: provider.url,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (out += part));
  const url = new Promise<string>((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      const found = /http:\/\/127\.0\.0\.1:\d+\n/.exec(part)?.[0];
      if (found !== undefined) resolve(found.trim());
    });
  });
  const ended = once(child, "exit") as Promise<[number | null]>;
  for (const request of app?.requests ?? []) {
    const answer = await fetch(`${await url}${request}`, { headers: { "x-tenant-id": "acme" } });
    expect(answer.status).toBe(200);
  }
  if (app !== null && app.requests.length > 0) child.kill("SIGTERM");
  const [code] = await ended;
  const findings = JSON.parse(out) as { level: string; topic: string; found: string; fix?: string }[];
  const text = findings.map(({ found, fix }) => `${found} -> ${fix ?? ""}`).join("\n");
  return { code, text, levels: findings.map(({ level, topic }) => `${topic} ${level}`) };
}

test("of an app that is metered as it should be the doctor finds nothing to do", async () => {
  const report = await doctor({}, { command: METERED, requests: ["/fetch", "/fetch"] });
  expect(report.text).toMatch(/all 2 calls are metered/);
  expect(report.text).toMatch(/\(OpenAI\/JS /);
  expect(report.text).toMatch(/2 of 2 requests were recorded/);
  expect(report.levels.filter((it) => !it.endsWith(" ok"))).toEqual([]);
  expect(report.code).toBe(0);
});

test("calls past the taps, missing tenants and an app without register are found, each with what to do", async () => {
  const report = await doctor(
    { QUOTEL_TENANT_HEADER: "" },
    { command: ["node", APP], requests: ["/fetch", "/past-the-taps"] },
  );
  expect(report.text).toMatch(/1 of 2 calls are metered -> let the client use Node's fetch/);
  expect(report.text).toMatch(/2 of 2 requests had no tenant.* -> set QUOTEL_TENANT_HEADER/);
  expect(report.text).toMatch(/does not load register by itself.* -> start it with node --import/);
  expect(report.text).toMatch(/a call to 127\.0\.0\.1:\d+ is not metered/);
  expect(report.code).toBe(1);
});

test("a host that QUOTEL_METER_HOSTS leaves out is no problem", async () => {
  const report = await doctor(
    { QUOTEL_METER_HOSTS: "!127.0.0.1" },
    { command: METERED, requests: ["/fetch", "/past-the-taps"] },
  );
  expect(report.text).toMatch(/2 calls, left out by QUOTEL_METER_HOSTS/);
  expect(report.code).toBe(0);
});

test.each([
  [
    "the collector does not know the key",
    { QUOTEL_INGEST_KEY: "wrong" },
    "collector problem",
    /kind ingest that is not revoked/,
  ],
  ["the collector wants a key", { QUOTEL_INGEST_KEY: "" }, "collector problem", /set QUOTEL_INGEST_KEY/],
  ["nobody answers", { QUOTEL_ENDPOINT: "http://127.0.0.1:9" }, "collector problem", /start the collector/],
  ["what answers is no collector", { QUOTEL_ENDPOINT: "PROVIDER" }, "collector problem", /the collector's address/],
  ["the service does not know the key", { QUOTEL_SERVICE_KEY: "wrong" }, "quota problem", /kind service/],
  ["the service is away", { QUOTEL_QUOTA_URL: "http://127.0.0.1:9" }, "quota problem", /start the quota service/],
  ["a setting is wrong", { QUOTEL_METER_HOSTS: "a b" }, "settings problem", /QUOTEL_METER_HOSTS: "a b" is not a host/],
  ["the spool cannot be written", { QUOTEL_SPOOL_DIR: "/dev/null/spool" }, "spool warning", /name another folder/],
  ["there is no spool", { QUOTEL_SPOOL_DIR: "off" }, "spool warning", /a crash takes it along/],
])("the environment alone is looked at: %s", async (_, env, level, fix) => {
  const settings = Object.entries(env).map(([name, value]) => [name, value === "PROVIDER" ? provider.url : value]);
  const report = await doctor(Object.fromEntries(settings) as Record<string, string>);
  expect(report.levels).toContain(level);
  expect(report.text).toMatch(fix);
  expect(report.code).toBe(level.endsWith("problem") ? 1 : 0);
});

test("a command that cannot be started is said to be one", async () => {
  const report = await doctor({}, { command: ["no-such-program"], requests: [] });
  expect(report.text).toMatch(/the app cannot be started: .*ENOENT/);
  expect(report.code).toBe(1);
});

test("looking stores nothing: no event, no tenant", async () => {
  const { createPool } = await import("#database/pool");
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
  const before = await counts();
  await doctor({});
  expect(await counts()).toEqual(before);
  await admin.end();

  async function counts(): Promise<unknown> {
    const { rows } = await admin.query(
      `select (select count(*) from quotel.usage_events) as events, (select count(*) from quotel.tenants) as tenants,
        (select count(*) from quotel.quarantine) as quarantined`,
    );
    return rows;
  }
});
