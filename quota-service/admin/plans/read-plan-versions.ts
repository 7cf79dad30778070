import type { Pool } from "pg";
import { query } from "#database/pool";

/** That a version of a plan exists, and who made it. */
export interface PlanVersion {
  readonly version: number;
  readonly actor: string;
  readonly createdAt: string;
}

/** Every version of a plan, the newest first; none where there is no such plan. */
export async function readPlanVersions(pool: Pool, planId: string): Promise<PlanVersion[]> {
  const { rows } = await query<{ version: number; actor: string; created_at: Date }>(pool, {
    name: "read-plan-versions",
    text: "select version, actor, created_at from quotel.plans where plan_id = $1 order by version desc",
    values: [planId],
  });
  return rows.map(({ version, actor, created_at }) => ({ version, actor, createdAt: created_at.toISOString() }));
}
