import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Decision, UsageLimitExceeded } from "@quotel/conventions";
import { createPool } from "#database/pool";
import { startProcess } from "../../examples/chat-api/demo/processes.ts";
import { createTestDatabase } from "../database/test-database.ts";
import { driftFromHolds, driftFromLedger } from "../database/record/usage-oracle.ts";
import { startProvider } from "../examples/running-provider.ts";
import { KEYS, planFile, startCollector, startQuotaService, stopRooms } from "./processes/rooms.ts";

const CHAT_API = join(import.meta.dirname, "../../examples/chat-api");
const TENANT = "acme";
const LIMIT = 600;

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
afterAll(() => admin.end());
const plan = await planFile("small", [{ resource: "tokens", period: "day", amount: LIMIT }]);
afterAll(plan.remove);
const quota = await startQuotaService(database.writerUrl, plan);
const collector = await startCollector(database.writerUrl, plan);
afterAll(() => stopRooms([quota, collector]));
const provider = await startProvider();
afterAll(() => provider[Symbol.asyncDispose]());

/** The example app, which knows nothing of metering, started with the one flag and the built package. */
const app = startProcess({
  name: "the chat app",
  args: ["--import", "@quotel/instrumentation/register", "main.ts"],
  cwd: CHAT_API,
  env: {
    PATH: process.env["PATH"],
    PORT: "0",
    OPENAI_BASE_URL: `${provider.url}/v1`,
    OPENAI_API_KEY: "any",
    QUOTEL_ENDPOINT: collector.url,
    QUOTEL_INGEST_KEY: KEYS.ingest,
    QUOTEL_QUOTA_URL: quota.url,
    QUOTEL_SERVICE_KEY: KEYS.service,
    QUOTEL_TENANT_HEADER: "x-tenant-id",
  },
});
afterAll(() => app.stop());
const appUrl = await app.printed(/listening on (http\S+)/);

function chat(path: string): Promise<Response> {
  return fetch(`${appUrl}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-tenant-id": TENANT },
    body: JSON.stringify({ messages: [{ role: "user", content: "How much is left?" }], max_tokens: 40 }),
  });
}

/** What a decision goes by. */
async function standing(): Promise<{ used: number; reserved: number; remaining: number | null }> {
  const response = await fetch(`${quota.url}/v1/quota/check`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEYS.service}`, "content-type": "application/json" },
    body: JSON.stringify({ tenantId: TENANT, resource: "tokens", amount: 0 }),
  });
  if (!response.ok) throw new Error(`the check was answered ${response.status}: ${await response.text()}`);
  const { used, reserved, remaining } = ((await response.json()) as Decision).items[0]!;
  return { used, reserved, remaining };
}

async function reportedTokens(): Promise<number> {
  const { reported } = await provider.ledgerOf(TENANT);
  return reported.inputTokens + reported.outputTokens;
}

/** Every hold has turned into the usage that the provider reported. */
async function expectSettled(): Promise<void> {
  const used = await reportedTokens();
  await expect
    .poll(standing, { timeout: 15_000, interval: 50 })
    .toEqual({ used, reserved: 0, remaining: Math.max(0, LIMIT - used) });
}

test("what an unmodified app's calls consume reaches the decisions exactly, until the middleware refuses what no longer fits", async () => {
  const first = await chat("/chat");
  expect(first.status).toBe(200);
  await first.text();
  await expectSettled();
  expect((await standing()).used).toBeGreaterThan(0);

  let refused: Response | null = null;
  for (let n = 0; refused === null && n < 100; n += 1) {
    const response = await chat(n % 2 === 0 ? "/chat/stream" : "/chat");
    if (response.status === 200) await response.text();
    else refused = response;
  }
  expect(refused?.status).toBe(429);
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
  const { error } = (await refused!.json()) as UsageLimitExceeded;
  expect(error.code).toBe("USAGE_LIMIT_EXCEEDED");
  expect(error.details.limits).toMatchObject({ tokens: LIMIT });

  await expectSettled();
  expect((await standing()).used).toBeLessThanOrEqual(LIMIT);
  expect(await driftFromHolds(admin)).toEqual([]);
  expect(await driftFromLedger(admin)).toEqual([]);
});
