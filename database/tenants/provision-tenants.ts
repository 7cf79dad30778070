import type { ClientBase, Pool } from "pg";
import { query } from "../pool.ts";
import { inTransaction } from "../transaction.ts";

/** How many tenants one key may make known in an hour. A leaked or confused key cannot flood the table. */
const NEW_TENANTS_PER_KEY_AND_HOUR = 1_000;

/**
 * Gives tenants that nobody has registered the default plan, in a short transaction of its own (it comes first in the
 * lock order). Tenants over the key's hourly allowance stay unknown.
 */
export async function provisionTenants(
  pool: Pool,
  tenantIds: readonly string[],
  by: { readonly keyId: string; readonly plan: string },
): Promise<void> {
  await inTransaction(pool, async (client) => {
    // One provisioning of a key at a time, so that the allowance is exact.
    await query(client, {
      name: "lock-provisioning",
      text: "select pg_advisory_xact_lock(hashtextextended('quotel.provision ' || $1, 0))",
      values: [by.keyId],
    });
    await insertTenants(client, tenantIds, by);
  });
}

async function insertTenants(
  client: ClientBase,
  tenantIds: readonly string[],
  by: { readonly keyId: string; readonly plan: string },
): Promise<void> {
  await query(client, {
    name: "provision-tenants",
    text: `
      insert into quotel.tenants (tenant_id, plan_id, plan_source, provisioned_by)
      select id, $2, 'default', $3
      from unnest($1::text[]) as wanted (id)
      where not exists (select from quotel.tenants where tenant_id = id)
      order by id
      limit greatest(0, $4 - (
        select count(*) from quotel.tenants
        where provisioned_by = $3 and created_at > now() - interval '1 hour'))
      on conflict (tenant_id) do nothing`,
    values: [tenantIds, by.plan, by.keyId, NEW_TENANTS_PER_KEY_AND_HOUR],
  });
}
