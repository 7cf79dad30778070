import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../../database/test-database.ts";
import { startScriptedProvider } from "../../instrumentation/providers/scripted-provider.ts";
import { KEYS, startCollector, stopRooms } from "../../pipeline/processes/rooms.ts";
import { appFolder } from "./app-folder.ts";
import type { AppFolder } from "./app-folder.ts";

const database = await createTestDatabase();
afterAll(database.drop);
const pool = createPool({ connectionString: database.ownerUrl, applicationName: "test" });
afterAll(() => pool.end());
const collector = await startCollector(database.writerUrl);
afterAll(() => stopRooms([collector]));
const provider = await startScriptedProvider();
afterAll(() => provider.close());
beforeEach(() => provider.reset());

let apps: AppFolder;
beforeAll(async () => {
  apps = await appFolder();
}, 300_000);
afterAll(() => apps.remove());

/** How each app is started: what comes behind `node`, and in which folder. */
const FORMS = {
  "ES modules": { args: ["--import", "@quotel/instrumentation/register", "chat.mjs"], folder: "." },
  CommonJS: { args: ["--import", "@quotel/instrumentation/register", "chat.cjs"], folder: "." },
  tsx: { args: ["--import", "@quotel/instrumentation/register", "--import", "tsx", "chat.ts"], folder: "." },
  "an esbuild bundle": { args: ["--import", "@quotel/instrumentation/register", "bundle.cjs"], folder: "." },
  "a Next.js server": {
    args: [
      "--import",
      "@quotel/instrumentation/register",
      "../../node_modules/next/dist/bin/next",
      "start",
      "--port",
      "0",
    ],
    folder: "next",
  },
} as const;
const NODES = ["22", "24", "26"] as const;
const CASES = NODES.flatMap((node) =>
  (Object.keys(FORMS) as (keyof typeof FORMS)[]).map((form) => [node, form] as const),
);

test.each(CASES)("what an app on Node %s that is %s used is in Postgres, exactly", async (node, form) => {
  const tenantId = `node-${node}-${form.replaceAll(/[^A-Za-z]+/g, "-")}`;
  const { args, folder } = FORMS[form];
  const cwd = join(apps.path, folder);
  const child = spawn(inject("peers").nodes[node], [...args], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      PROVIDER_URL: provider.url,
      QUOTEL_ENDPOINT: collector.url,
      QUOTEL_INGEST_KEY: KEYS.ingest,
      QUOTEL_TENANT_HEADER: "x-tenant-id",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (part: string) => {
        said += part;
        const found = /http:\/\/(?:127\.0\.0\.1|localhost):\d+/.exec(said)?.[0];
        if (found !== undefined) resolve(found);
      });
    }
    child.once("exit", () => reject(new Error(`the app ended:\n${said}`)));
  });
  const answer = await fetch(`${url}/chat`, { headers: { "x-tenant-id": tenantId } });
  expect([answer.status, await answer.text()]).toEqual([200, "ok"]);
  const stored = async () => {
    const { rows } = await pool.query(
      `select count(*) filter (where event_type = 'api_call')::int as api_calls,
         count(*) filter (where event_type = 'chat')::int as chats,
         coalesce(sum(input_tokens + output_tokens) filter (where usage_source = 'provider'), 0)::int as tokens
       from quotel.usage_events where tenant_id = $1`,
      [tenantId],
    );
    return rows[0] as unknown;
  };
  const { inputTokens, outputTokens } = provider.ledger;
  const used = { api_calls: 1, chats: 2, tokens: inputTokens + outputTokens };
  await expect.poll(stored, { timeout: 15_000 }).toEqual(used);
  child.kill("SIGTERM");
  await exited;
});
