import type { Pool } from "pg";
import { inTransaction } from "../transaction.ts";
import type { Catalogue, Plan } from "./catalogue.ts";
import { insertPlanVersion } from "./insert-plan-version.ts";
import { readPlansInForce } from "./read-plans-in-force.ts";

export interface AppliedPlan {
  readonly planId: string;
  readonly version: number;
  /** Whether this call made the version. */
  readonly isNew: boolean;
}

/**
 * Puts a catalogue in force: a plan whose definition is unchanged keeps its version, a changed or new one gets the next.
 * Order and spelled-out defaults are no difference. Plans the catalogue does not name stay as they are.
 *
 * Safe when several processes start at once: each takes the same transaction-level lock, then reads what is in force.
 */
export async function applyCatalogue(pool: Pool, catalogue: Catalogue): Promise<AppliedPlan[]> {
  return inTransaction(pool, async (client) => {
    await client.query("select pg_advisory_xact_lock(hashtextextended('quotel.apply_catalogue', 0))");
    const inForce = new Map((await readPlansInForce(client)).map((plan) => [plan.planId, plan]));
    const applied: AppliedPlan[] = [];
    for (const [place, [planId, described]] of Object.entries(catalogue.plans).entries()) {
      const plan = { ...described, rank: described.rank ?? place };
      const current = inForce.get(planId);
      const isNew = current === undefined || definitionOf(current) !== definitionOf(plan);
      const version = (current?.version ?? 0) + (isNew ? 1 : 0);
      if (isNew) await insertPlanVersion(client, planId, version, plan);
      applied.push({ planId, version, isNew });
    }
    return applied;
  });
}

/** Equal for equal definitions. */
function definitionOf({ features, rank, limits }: Plan): string {
  const rows = limits.map((limit) => JSON.stringify(limit, Object.keys(limit).sort()));
  return JSON.stringify([rank, [...new Set(features)].sort(), rows.sort()]);
}
