import type { AdminTenantUsage } from "@quotel/conventions";
import type { Pool } from "pg";
import { isExceeded, limitsOnWire } from "../../usage/limits.ts";
import { readQuotaStatus } from "../../usage/read-quota-status.ts";
import { readTenant } from "../../usage/read-tenant.ts";
import { readBuckets } from "./read-buckets.ts";
import type { UsageBucketRow } from "./read-buckets.ts";
import { readRecentEvents } from "./read-recent-events.ts";
import type { UsageQuery } from "./usage-query.ts";

/** One tenant's usage, limits and latest events; null where nobody has registered it and it has used nothing. */
export async function readTenantUsage(
  pool: Pool,
  tenantId: string,
  { range, metric }: UsageQuery,
): Promise<AdminTenantUsage | null> {
  const [tenant, buckets, statuses, events] = await Promise.all([
    readTenant(pool, tenantId),
    readBuckets(pool, tenantId, range),
    readQuotaStatus(pool, tenantId),
    readRecentEvents(pool, tenantId, range),
  ]);
  if (tenant.plan === null && buckets.length === 0) return null;
  const limits = metric === null ? statuses : statuses.filter(({ resource }) => resource === metric);
  return {
    tenantId,
    period: range.granularity,
    usage: buckets.map(bucketOnWire),
    tokensBySource: tokensBySource(buckets),
    quota: {
      plan: tenant.plan ?? "none",
      quotas: limitsOnWire(limits, tenant),
      anyExceeded: limits.some(isExceeded),
    },
    recentEvents: events.map((event) => ({ ...event, endedAt: event.endedAt.toISOString() })),
    timestamp: new Date(tenant.readAtMs).toISOString(),
  };
}

function bucketOnWire(row: UsageBucketRow): AdminTenantUsage["usage"][number] {
  const {
    bucketStart,
    costNanoUsd,
    modelTokens: _,
    partialTokens: _p,
    estimatedTokens: _e,
    eventsWithoutUsage: _n,
    ...figures
  } = row;
  return { ...figures, bucketStart: bucketStart.toISOString(), costNanoUsd: String(costNanoUsd) };
}

function tokensBySource(buckets: readonly UsageBucketRow[]): AdminTenantUsage["tokensBySource"] {
  const sum = (field: "modelTokens" | "partialTokens" | "estimatedTokens" | "eventsWithoutUsage"): number =>
    buckets.reduce((total, bucket) => total + bucket[field], 0);
  const partial = sum("partialTokens");
  const estimated = sum("estimatedTokens");
  return { provider: sum("modelTokens") - partial - estimated, partial, estimated, none: sum("eventsWithoutUsage") };
}
