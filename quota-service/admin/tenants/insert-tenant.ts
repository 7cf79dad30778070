import type { ClientBase } from "pg";
import { query } from "#database/pool";

/** Makes a tenant's row, if there is none; whether it did. Of several at once one does, and the others wait for it. */
export async function insertTenant(client: ClientBase, tenantId: string, plan: string): Promise<boolean> {
  const { rowCount } = await query(client, {
    name: "insert-tenant",
    text: `
      insert into quotel.tenants (tenant_id, plan_id, plan_source) values ($1, $2, 'assigned')
      on conflict (tenant_id) do nothing`,
    values: [tenantId, plan],
  });
  return rowCount === 1;
}
