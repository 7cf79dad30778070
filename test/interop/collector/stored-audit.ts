import type { Pool } from "pg";

/** An audit event in the words of who reports it. */
export interface Change {
  readonly tenantId: string;
  readonly eventType: string;
  readonly actorId: string;
  readonly entityId: string;
  readonly old: unknown;
  readonly new: unknown;
}

/** All audit events, in the order of their entities' ids. */
export async function storedChanges(pool: Pool): Promise<Change[]> {
  const { rows } = await pool.query<Change>(`
    select tenant_id as "tenantId", event_type as "eventType", actor_id as "actorId", entity_id as "entityId",
      old_values as old, new_values as new
    from public.audit_events order by entity_id collate "C"`);
  return rows;
}

/** What is wrong with the tenants' hash chains. Must be empty. */
export async function brokenChains(pool: Pool): Promise<unknown[]> {
  const { rows } = await pool.query(`
    select t.tenant_id, v.* from (select distinct tenant_id from public.audit_events) t,
      lateral quotel.verify_audit_chain(t.tenant_id) v`);
  return rows;
}
