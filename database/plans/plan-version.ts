import type { ClientBase, Pool } from "pg";
import { query } from "../pool.ts";

/** The version of a plan that is in force (the highest), or null where the plan does not exist. */
export async function planVersionInForce(on: ClientBase | Pool, planId: string): Promise<number | null> {
  const { rows } = await query<{ version: number | null }>(on, {
    name: "plan-version-in-force",
    text: "select max(version) as version from quotel.plans where plan_id = $1",
    values: [planId],
  });
  return rows[0]?.version ?? null;
}
