import type { Pool } from "pg";

/** An event of a tenant's audit trail, as its readers see it. */
export interface TrailEvent {
  readonly event_type: string;
  readonly actor_type: string;
  readonly actor_id: string;
  readonly entity_id: string;
  readonly old_values: Record<string, unknown> | null;
  readonly new_values: Record<string, unknown> | null;
}

/** A tenant's audit trail in its order. */
export async function trailOf(pool: Pool, tenantId: string): Promise<TrailEvent[]> {
  const { rows } = await pool.query<TrailEvent>(
    `select event_type, actor_type, actor_id, entity_id, old_values, new_values
     from public.audit_events where tenant_id = $1 order by seq`,
    [tenantId],
  );
  return rows;
}
