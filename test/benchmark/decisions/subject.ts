import { writeFile } from "node:fs/promises";
import { createPool } from "#database/pool";
import { accountingPeriods } from "#database/periods/period";
import { TotalDeltas, addToTotals } from "#database/totals/add-to-totals";
import { inTransaction } from "#database/transaction";
import { startProgram } from "../system/program.ts";
import type { RunningProgram } from "../system/program.ts";

export const SERVICE_KEY = "the-service-key-of-the-benchmark";
const ADMIN_KEY = "the-admin-key-of-the-benchmark";
const TENANTS = 500;
const USED = { tokens: 1_000_000, chat_messages: 400 };

/** Tenants of the benchmark. A limit binds for every tenth: it has used all but 100 tokens of its day. */
export const TENANT_IDS: readonly string[] = Array.from({ length: TENANTS }, (_, index) =>
  index % 10 === 0 ? `tight-${index}` : `roomy-${index}`,
);
export const HEADERS = { authorization: `Bearer ${SERVICE_KEY}`, "content-type": "application/json" };

/** A quota service as a process, with every tenant registered on a plan and well into its day. */
export async function startQuotaService(
  writerUrl: string,
  folder: string,
  profileFolder: string | null,
): Promise<RunningProgram> {
  const plansFile = `${folder}/plans.json`;
  await writeFile(plansFile, JSON.stringify({ plans: { roomy: plan(1_000_000_000_000), tight: plan(1_000_100) } }));
  const env = {
    DATABASE_URL: writerUrl,
    QUOTEL_QUOTA_PORT: "0",
    QUOTEL_SERVICE_KEY: SERVICE_KEY,
    QUOTEL_ADMIN_KEY: ADMIN_KEY,
    QUOTEL_PLANS: plansFile,
    QUOTEL_DEFAULT_PLAN: "roomy",
  };
  const service = await startProgram("quota-service/main.ts", env, { profileFolder });
  for (const tenantId of TENANT_IDS) {
    await put(service.url, `/v1/admin/tenants/${tenantId}`, { plan: tenantId.slice(0, 5) });
  }
  await giveUsage(writerUrl);
  return service;
}

/** Puts a next version of the roomy plan in force, with a limit for each of so many resources of its own; their names. */
export async function declareResources(serviceUrl: string, count: number): Promise<readonly string[]> {
  const resources = Array.from({ length: count }, (_, index) => `resource_${index}`);
  const limits = resources.map((resource) => ({ resource, period: "day", amount: 1_000_000 }));
  await put(serviceUrl, "/v1/admin/plans/roomy", { limits });
  return resources;
}

async function put(serviceUrl: string, path: string, body: object): Promise<void> {
  const response = await fetch(`${serviceUrl}${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

function plan(tokensPerDay: number): object {
  return {
    limits: [
      { resource: "tokens", period: "day", amount: tokensPerDay },
      { resource: "api_calls", period: "minute", amount: 1_000_000_000 },
      { resource: "chat_messages", period: "day", amount: 1_000_000_000 },
      { resource: "embeddings", period: "day", amount: 1_000_000_000 },
    ],
  };
}

async function giveUsage(writerUrl: string): Promise<void> {
  const deltas = new TotalDeltas();
  const periods = accountingPeriods(Date.now(), []);
  for (const tenantId of TENANT_IDS) {
    for (const [resource, used] of Object.entries(USED)) deltas.add(tenantId, resource, periods, { used });
  }
  const pool = createPool({ connectionString: writerUrl, applicationName: "quotel-bench", max: 1 });
  await inTransaction(pool, (client) => addToTotals(client, deltas));
  await pool.end();
}
