import type { ClientBase, Pool } from "pg";
import { query } from "../pool.ts";
import type { RankedPlan } from "./compare-plans.ts";

/** A plan at its newest version, which is the one in force. */
export interface PlanInForce extends RankedPlan {
  readonly planId: string;
  readonly version: number;
}

/**
 * Every plan in force, by id. One statement, so a version is never seen without its limits.
 *
 * @param madeBy the newest versions that this actor has made, instead of those in force
 */
export async function readPlansInForce(on: Pool | ClientBase, madeBy: string | null = null): Promise<PlanInForce[]> {
  const { rows } = await query<PlanInForce>(on, {
    name: "read-plans-in-force",
    text: `
      select
        p.plan_id as "planId", p.version, p.features, p.rank,
        coalesce(
          jsonb_agg(jsonb_build_object(
            'resource', l.resource, 'period', l.period, 'amount', l.amount, 'enforcement', l.enforcement,
            'warnAt', l.warn_at, 'graceFraction', l.grace_fraction, 'graceSeconds', l.grace_seconds, 'burst', l.burst,
            'onUnavailable', l.on_unavailable, 'onUnpriced', l.on_unpriced)) filter (where l.resource is not null),
          '[]') as limits
      from (
        select plan_id, max(version) as version from quotel.plans
        where $1::text is null or actor = $1 group by plan_id) newest
      join quotel.plans p using (plan_id, version)
      left join quotel.plan_limits l using (plan_id, version)
      group by p.plan_id, p.version, p.features, p.rank
      order by p.plan_id`,
    values: [madeBy],
  });
  return rows;
}
