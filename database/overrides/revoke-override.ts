import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/**
 * Ends an override now; whether it did: one that is over or revoked stays as it is, so who revoked it is never
 * rewritten. Its caller holds the tenant's lock.
 */
export async function revokeOverride(
  client: ClientBase,
  { tenantId, overrideId }: { readonly tenantId: string; readonly overrideId: string },
  actor: string,
): Promise<boolean> {
  const { rowCount } = await query(client, {
    name: "revoke-override",
    text: `
      update quotel.limit_overrides
      set revoked_at = clock_timestamp(), revoked_by = $3
      where tenant_id = $1 and override_id = $2 and revoked_at is null
        and (valid_until is null or valid_until > clock_timestamp())`,
    values: [tenantId, overrideId, actor],
  });
  return rowCount === 1;
}
