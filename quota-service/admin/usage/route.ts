import type { AdminUsageSummary } from "@quotel/conventions";
import type { Pool } from "pg";
import { ok } from "../../http/answer.ts";
import type { Answer } from "../../http/answer.ts";
import { refuse, tenantNotFound } from "../../http/refusal.ts";
import type { ApiRequest } from "../../http/request.ts";
import type { Route } from "../../http/route.ts";
import { amountOnWire } from "../../usage/limits.ts";
import { readConsumers } from "./read-consumers.ts";
import { readExceeding } from "./read-exceeding.ts";
import { readTotals } from "./read-totals.ts";
import { readTenantUsage } from "./tenant-usage.ts";
import { readUsageQuery } from "./usage-query.ts";
import type { UsageQuery } from "./usage-query.ts";

/** `GET /v1/admin/usage`: one tenant's usage, or a summary over all. */
export function adminUsageRoute(pool: Pool): Route {
  const handle = async (req: ApiRequest): Promise<Answer> => {
    const query = readUsageQuery(req.query, Date.now());
    if (!query.ok) return refuse(query.refusal);
    const { tenantId } = query.value;
    if (tenantId === null) return ok(await readSummary(pool, query.value));
    const usage = await readTenantUsage(pool, tenantId, query.value);
    if (usage === null) return refuse(tenantNotFound(tenantId));
    return ok(usage);
  };
  return { method: "get", path: "/v1/admin/usage", kinds: ["admin"], handle };
}

async function readSummary(pool: Pool, { range, metric }: UsageQuery): Promise<AdminUsageSummary> {
  const [totals, consumers, exceeding] = await Promise.all([
    readTotals(pool, range),
    readConsumers(pool, range, metric ?? "tokens"),
    readExceeding(pool, metric),
  ]);
  return {
    period: range.granularity,
    summary: {
      total_tenants: totals.tenants,
      total_api_calls: totals.apiCalls,
      total_tokens: totals.tokens,
      total_cost: String(totals.costNanoUsd),
      avg_latency_ms: totals.latencyMsAvg,
    },
    topConsumers: consumers.map((row) => ({ ...row, costNanoUsd: String(row.costNanoUsd) })),
    exceedingQuota: exceeding.map((row) => ({ ...row, used: amountOnWire(row.resource, row.used) })),
  };
}
