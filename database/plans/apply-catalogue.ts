import type { Pool } from "pg";
import type { Actor } from "../audit/administrative-change.ts";
import { inTransaction } from "../transaction.ts";
import type { Catalogue } from "./catalogue.ts";
import { changePlans, lockPlans } from "./change-plans.ts";
import type { ChangedPlan } from "./change-plans.ts";
import { comparePlans } from "./compare-plans.ts";
import type { RankedPlan } from "./compare-plans.ts";
import { readPlansInForce } from "./read-plans-in-force.ts";

/** A start of the service, which puts its catalogue file in force. */
const START: Actor = {
  type: "system",
  id: "start",
  producer: "quotel-quota-service",
  clientAddress: null,
  userAgent: null,
};

/**
 * Puts a catalogue in force: a plan whose definition is unchanged keeps its version, a changed or new one gets the next.
 * Order and spelled-out defaults are no difference. Plans the catalogue does not name stay as they are.
 *
 * Safe when several processes do it at once: each takes the same transaction-level lock, then reads what is in force.
 */
export async function applyCatalogue(pool: Pool, catalogue: Catalogue, actor = START): Promise<ChangedPlan[]> {
  return inTransaction(pool, async (client) => {
    await lockPlans(client);
    return changePlans(client, await readPlansInForce(client), definitionsOf(catalogue), actor);
  });
}

/**
 * As `applyCatalogue`, for the file that a service finds at every start: it changes a plan only where the file itself
 * has changed since a start last put it in force. So what an administrator has changed meanwhile stays.
 */
export async function applyCatalogueAtStart(pool: Pool, catalogue: Catalogue): Promise<ChangedPlan[]> {
  return inTransaction(pool, async (client) => {
    await lockPlans(client);
    const [inForce, fromStarts] = await Promise.all([readPlansInForce(client), readPlansInForce(client, START.id)]);
    const applied = new Map(fromStarts.map((plan) => [plan.planId, plan]));
    const definitions = [...definitionsOf(catalogue)].filter(([planId, plan]) => {
      const before = applied.get(planId);
      return before === undefined || comparePlans(before, plan).length > 0;
    });
    return changePlans(client, inForce, new Map(definitions), START);
  });
}

/** The plans of a catalogue by id; one without a rank stands where it is in the file. */
export function definitionsOf({ plans }: Catalogue): Map<string, RankedPlan> {
  return new Map(Object.entries(plans).map(([planId, plan], place) => [planId, { ...plan, rank: plan.rank ?? place }]));
}
