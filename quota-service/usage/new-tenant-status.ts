import type { DecisionItem, QuotaStatus } from "@quotel/conventions";
import type { Pool } from "pg";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import type { Caller, DecisionEngine } from "../decisions/contract.ts";
import { amountOnWire } from "./limits.ts";
import type { LimitsOnWire } from "./limits.ts";

/**
 * How a tenant stands that nobody has registered: by the default plan's limits, as a check that asks for nothing decides
 * by them. It makes no tenant.
 *
 * @returns null where the plan is not in force
 */
export async function newTenantStatus(
  pool: Pool,
  engine: DecisionEngine,
  { tenantId, planId }: { readonly tenantId: string; readonly planId: string },
  caller: Caller,
): Promise<QuotaStatus | null> {
  const plan = (await readPlansInForce(pool)).find((it) => it.planId === planId);
  if (plan === undefined) return null;
  const resources = [...new Set(plan.limits.map(({ resource }) => resource))].sort();
  const items = resources.map((resource) => ({ resource, amount: 0 }));
  const outcome = await engine.check({ tenantId, items }, caller);
  if (outcome.kind !== "decided") return null;
  const { decision } = outcome;
  return { tenantId, plan: planId, limits: decision.items.flatMap(limitOnWire), timestamp: decision.asOf };
}

function limitOnWire(item: DecisionItem): LimitsOnWire {
  const { resource, period, limit, percentUsed, resetsAt, state, enforcement, source } = item;
  if (period === null) return [];
  const used = amountOnWire(resource, item.used);
  const reserved = amountOnWire(resource, item.reserved);
  const standing = { used, reserved, percentage: percentUsed, resetsAt, state };
  return [{ resourceType: resource, period, limit, ...standing, enforcement, source }];
}
