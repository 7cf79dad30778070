import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import type { Plan } from "./catalogue.ts";

/**
 * Adds a version of a plan with its limits, in one statement: whoever sees the version sees its limits. Versions are
 * never changed, so two writers of the same one meet in the primary key.
 */
export async function insertPlanVersion(
  client: ClientBase,
  planId: string,
  version: number,
  { features, limits }: Plan,
): Promise<void> {
  await query(client, {
    name: "insert-plan-version",
    text: `
      with plan as (
        insert into quotel.plans (plan_id, version, features) values ($1, $2, $3)
      )
      insert into quotel.plan_limits (plan_id, version, resource, period, amount, enforcement, warn_at)
      select $1, $2, resource, period, amount, enforcement, warn_at
      from jsonb_to_recordset($4::jsonb) as input (
        resource text, period text, amount bigint, enforcement text, warn_at numeric)`,
    values: [
      planId,
      version,
      features,
      JSON.stringify(limits.map(({ warnAt, ...limit }) => ({ ...limit, warn_at: warnAt }))),
    ],
  });
}
