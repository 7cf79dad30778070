import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import type { RankedPlan } from "./compare-plans.ts";

/**
 * Adds a version of a plan with its limits, in one statement: whoever sees the version sees its limits. Versions are
 * never changed, so two writers of the same one meet in the primary key.
 *
 * @param actor who makes it
 */
export async function insertPlanVersion(
  client: ClientBase,
  planId: string,
  version: number,
  { features, rank, limits }: RankedPlan,
  actor: string,
): Promise<void> {
  await query(client, {
    name: "insert-plan-version",
    text: `
      with plan as (
        insert into quotel.plans (plan_id, version, features, rank, actor) values ($1, $2, $3, $5, $6)
      )
      insert into quotel.plan_limits (plan_id, version, resource, period, amount, enforcement, warn_at,
        grace_fraction, grace_seconds, burst, on_unavailable, on_unpriced)
      select $1, $2, resource, period, amount, enforcement, "warnAt", "graceFraction", "graceSeconds", burst,
        "onUnavailable", "onUnpriced"
      from jsonb_to_recordset($4::jsonb) as input (
        resource text, period text, amount bigint, enforcement text, "warnAt" numeric, "graceFraction" numeric,
        "graceSeconds" integer, burst bigint, "onUnavailable" text, "onUnpriced" text)`,
    values: [planId, version, features, JSON.stringify(limits), rank, actor],
  });
}
