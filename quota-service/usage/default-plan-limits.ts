import type { DecisionItem } from "@quotel/conventions";
import type { Pool } from "pg";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import type { Caller, DecisionEngine } from "../decisions/contract.ts";
import type { LimitStatus } from "./read-quota-status.ts";

/**
 * The limits of a tenant that nobody has registered: the default plan's, as a check that asks for nothing decides by them.
 * It makes no tenant.
 *
 * @returns by resource and period; null where the plan is not in force
 */
export async function defaultPlanLimits(
  pool: Pool,
  engine: DecisionEngine,
  { tenantId, planId }: { readonly tenantId: string; readonly planId: string },
  caller: Caller,
): Promise<LimitStatus[] | null> {
  const plan = (await readPlansInForce(pool)).find((it) => it.planId === planId);
  if (plan === undefined) return null;
  const resources = [...new Set(plan.limits.map(({ resource }) => resource))].sort();
  const items = resources.map((resource) => ({ resource, amount: 0 }));
  const outcome = await engine.check({ tenantId, items }, caller);
  return outcome.kind === "decided" ? outcome.decision.items.flatMap(limitStatus) : null;
}

/** None where nothing limits the resource. */
function limitStatus({ period, resetsAt, ...item }: DecisionItem): LimitStatus[] {
  return period === null ? [] : [{ ...item, period, resetsAt: resetsAt === null ? null : new Date(resetsAt) }];
}
