import type { Pool } from "pg";
import type { Actor } from "#database/audit/administrative-change";
import type { Plan } from "#database/plans/catalogue";
import { changePlans, lockPlans, previewPlans } from "#database/plans/change-plans";
import type { ChangedPlan } from "#database/plans/change-plans";
import type { RankedPlan } from "#database/plans/compare-plans";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import type { PlanInForce } from "#database/plans/read-plans-in-force";
import { inTransaction } from "#database/transaction";

/** Puts a definition in force as the next version of its plan, audited; one that changes nothing makes no version. */
export async function putPlan(pool: Pool, planId: string, plan: Plan, actor: Actor): Promise<ChangedPlan> {
  return inTransaction(pool, async (client) => {
    await lockPlans(client);
    const inForce = await readPlansInForce(client);
    return (await changePlans(client, inForce, new Map([[planId, ranked(inForce, planId, plan)]]), actor))[0]!;
  });
}

/** What `putPlan` would change now. */
export async function diffPlan(pool: Pool, planId: string, plan: Plan): Promise<ChangedPlan> {
  const inForce = await readPlansInForce(pool);
  return previewPlans(inForce, new Map([[planId, ranked(inForce, planId, plan)]]))[0]!;
}

/** Where no rank is given a plan keeps its own; a new one stands above all others. */
function ranked(inForce: readonly PlanInForce[], planId: string, plan: Plan): RankedPlan {
  const current = inForce.find((it) => it.planId === planId);
  const above = Math.max(-1, ...inForce.map(({ rank }) => rank)) + 1;
  return { ...plan, rank: plan.rank ?? current?.rank ?? above };
}
