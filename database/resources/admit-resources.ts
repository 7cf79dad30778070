import type { Pool } from "pg";
import { textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import { inTransaction } from "../transaction.ts";

/** A resource that no catalogue knows, of a tenant. */
export interface CustomResource {
  readonly tenantId: string;
  readonly resource: string;
}

/** Custom resources a tenant may have. Senders choose the names, and each has rows of its own in totals and rollups. */
const RESOURCES_PER_TENANT = 100;

/**
 * Admits custom resources as long as their tenant has room, and returns those of the given ones that are admitted. Once
 * decided it stays so: an admitted one is remembered, and where one was refused there is no room for it ever after. A
 * short transaction of its own; a lock per tenant makes the cap exact however many ask at once.
 */
export async function admitResources(pool: Pool, wanted: readonly CustomResource[]): Promise<CustomResource[]> {
  const tenants = textArray(wanted.map((it) => it.tenantId));
  const resources = textArray(wanted.map((it) => it.resource));
  return inTransaction(pool, async (client) => {
    await query(client, {
      name: "lock-resource-labels",
      text: `
        select pg_advisory_xact_lock(hashtextextended('quotel.resources ' || t.tenant_id, 0))
        from (select distinct tenant_id from unnest($1::text[]) as w (tenant_id) order by tenant_id) t`,
      values: [tenants],
    });
    await query(client, {
      name: "admit-resources",
      text: `
        with fresh as (
          select distinct w.tenant_id, w.resource, dense_rank() over (partition by w.tenant_id order by w.resource) as place
          from unnest($1::text[], $2::text[]) as w (tenant_id, resource)
          where not exists (
            select from quotel.rollup_labels l
            where (l.tenant_id, l.kind, l.label) = (w.tenant_id, 'resource', w.resource))
        )
        insert into quotel.rollup_labels (tenant_id, kind, label)
        select f.tenant_id, 'resource', f.resource from fresh f
        where f.place + (
          select count(*) from quotel.rollup_labels l where l.tenant_id = f.tenant_id and l.kind = 'resource') <= $3
        order by f.tenant_id, f.resource`,
      values: [tenants, resources, RESOURCES_PER_TENANT],
    });
    const { rows } = await query<CustomResource>(client, {
      name: "read-resource-labels",
      text: `
        select l.tenant_id as "tenantId", l.label as resource
        from unnest($1::text[], $2::text[]) as w (tenant_id, resource)
        join quotel.rollup_labels l on (l.tenant_id, l.kind, l.label) = (w.tenant_id, 'resource', w.resource)`,
      values: [tenants, resources],
    });
    return rows;
  });
}
