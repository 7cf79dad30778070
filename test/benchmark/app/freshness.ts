import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Decision } from "@quotel/conventions";
import type { RunOptions } from "../command.ts";
import type { Outcome } from "../comparison/row.ts";
import { median, quantile } from "../comparison/rounds.ts";
import { SERVICE_KEY } from "../decisions/subject.ts";
import { INGEST_KEY } from "../ingest/otlp-load.ts";
import { withDurableServer } from "../system/durable-server.ts";
import { startProgram } from "../system/program.ts";
import type { RunningProgram } from "../system/program.ts";

const SIZES = { quick: 3, default: 60, full: 500 } as const;
/** Each makes a request, waits until a decision knows of it, and makes the next. */
const TENANTS = 8;
const WARM_UP_REQUESTS = 5;
const POLL_MS = 5;
const MS_MAX = 1_000;
const GIVE_UP_MS = 30_000;

/**
 * Row `freshness`: p99 of the milliseconds from a request's end in a metered app until `/v1/quota/check` counts it; against
 * one second. The app, the collector, the quota service and Postgres are the real ones, with their defaults.
 */
export async function measureFreshness({ size }: RunOptions): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  const programs: RunningProgram[] = [];
  const start = async (...program: Parameters<typeof startProgram>): Promise<string> => {
    const started = await startProgram(...program);
    programs.push(started);
    return started.url;
  };
  const waited = await withDurableServer(async (createDatabase) => {
    try {
      const { writerUrl } = await createDatabase("fresh");
      const plans = join(folder, "plans.json");
      const limits = [{ resource: "api_calls", period: "day", amount: 1_000_000_000 }];
      await writeFile(plans, JSON.stringify({ plans: { metered: { limits } } }));
      const shared = { DATABASE_URL: writerUrl, QUOTEL_PLANS: plans, QUOTEL_DEFAULT_PLAN: "metered" };
      const collector = { ...shared, QUOTEL_COLLECTOR_PORT: "0", QUOTEL_INGEST_KEY: INGEST_KEY };
      const service = { ...shared, QUOTEL_QUOTA_PORT: "0", QUOTEL_SERVICE_KEY: SERVICE_KEY };
      const quotaUrl = await start("quota-service/main.ts", service);
      const app = {
        QUOTEL_ENDPOINT: await start("collector/main.ts", collector),
        QUOTEL_INGEST_KEY: INGEST_KEY,
        QUOTEL_TENANT_HEADER: "x-tenant-id",
        QUOTEL_SPOOL_DIR: join(folder, "spool"),
      };
      const appUrl = await start("test/benchmark/programs/express-app.ts", app, {
        imports: ["instrumentation/dist/register.js"],
      });
      const tenants = Array.from({ length: TENANTS }, (_, index) => `tenant-${index}`);
      return await Promise.all(tenants.map((tenantId) => waits(appUrl, quotaUrl, tenantId, SIZES[size])));
    } finally {
      for (const program of programs.toReversed()) await program.stop();
      await rm(folder, { recursive: true });
    }
  });
  const all = waited.flat();
  const value = Math.round(quantile(all, 0.99));
  const note = `freshness: p50 ${Math.round(median(all))} ms, worst ${Math.round(Math.max(...all))} ms of ${all.length}`;
  return { rows: [{ id: "freshness", unit: "ms", value, baseline: MS_MAX, goal: { atMost: 1 } }], notes: [note] };
}

/** Milliseconds until a decision knew of each of a tenant's requests. */
async function waits(appUrl: string, quotaUrl: string, tenantId: string, requests: number): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let made = 1; made <= WARM_UP_REQUESTS + requests; made++) {
    const headers = { "content-type": "application/json", "x-tenant-id": tenantId };
    const answer = await fetch(`${appUrl}/notes/17/comments`, { method: "POST", headers, body: "{}" });
    await answer.arrayBuffer();
    const endedAt = performance.now();
    while ((await usedBy(quotaUrl, tenantId)) < made) {
      if (performance.now() - endedAt > GIVE_UP_MS) throw new Error(`${tenantId}'s request ${made} was never counted`);
      await sleep(POLL_MS);
    }
    if (made > WARM_UP_REQUESTS) milliseconds.push(performance.now() - endedAt);
  }
  return milliseconds;
}

async function usedBy(quotaUrl: string, tenantId: string): Promise<number> {
  const answer = await fetch(`${quotaUrl}/v1/quota/check`, {
    method: "POST",
    headers: { authorization: `Bearer ${SERVICE_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ tenantId, resource: "api_calls", amount: 1 }),
  });
  const decision = (await answer.json()) as Partial<Decision>;
  return decision.items?.[0]?.used ?? 0;
}
