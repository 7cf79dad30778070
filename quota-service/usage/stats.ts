import type { UsageStats } from "@quotel/conventions";
import type { Period } from "#database/periods/period";
import { humanReadable } from "./human-readable.ts";
import { amountOnWire, limitsOnWire, tightestPercentage, warningsOf } from "./limits.ts";
import type { LimitStatus } from "./read-quota-status.ts";
import type { TenantRecord } from "./read-tenant.ts";
import type { ResourceUsage } from "./sum-daily-usage.ts";

export interface StatsFacts {
  readonly tenantId: string;
  readonly tenant: TenantRecord;
  readonly days: number;
  readonly period: Period;
  readonly usage: readonly ResourceUsage[];
  readonly limits: readonly LimitStatus[];
}

/** The answer of `GET /v1/usage/stats`: every resource that was used or is limited. Pure. */
export function statsOf({ tenantId, tenant, days, period, usage, limits }: StatsFacts): UsageStats {
  const used = new Map(usage.map(({ resource, amount }) => [resource, amount]));
  const resources = [...new Set([...used.keys(), ...limits.map(({ resource }) => resource)])].sort();
  return {
    tenantId,
    period: { start: new Date(period.startMs).toISOString(), end: new Date(period.endMs).toISOString(), days },
    breakdown: resources.map((resource) => {
      const amount = used.get(resource) ?? 0;
      return {
        resourceType: resource,
        amount: amountOnWire(resource, amount),
        humanReadable: humanReadable(resource, amount),
        percentage: tightestPercentage(limits, resource),
      };
    }),
    limits: limitsOnWire(limits, tenant),
    warnings: warningsOf(limits),
    timestamp: new Date(tenant.readAtMs).toISOString(),
  };
}
