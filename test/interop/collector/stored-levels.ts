import type { Pool } from "pg";

/** What is held now, and the most that was held. */
export interface Level {
  readonly value: number;
  readonly highWater: number;
}

/** tenant -> resource -> level. */
export type Levels = Readonly<Record<string, Readonly<Record<string, Level>>>>;

export async function storedLevels(pool: Pool): Promise<Levels> {
  const { rows } = await pool.query<{ tenantId: string; levels: Record<string, Level> }>(`
    select tenant_id as "tenantId",
      json_object_agg(resource, json_build_object('value', value, 'highWater', high_water)) as levels
    from (
      select tenant_id, resource, (array_agg(value order by as_of desc))[1] as value, max(high_water) as high_water
      from public.usage_levels group by 1, 2
    ) level
    group by tenant_id`);
  return Object.fromEntries(rows.map(({ tenantId, levels }) => [tenantId, levels]));
}
