import type { ClientBase } from "pg";
import { instantOfMs } from "#database/periods/instant";
import { query } from "#database/pool";
import type { LicenceStatus } from "#database/tenants/read-tenants";

/** What an administrator has set of a tenant. */
export interface TenantTerms {
  readonly plan: string;
  readonly licenceStatus: LicenceStatus;
  /** Unix milliseconds; null = it does not end. */
  readonly licenceExpiresAtMs: number | null;
}

/** Writes a tenant's terms; the caller holds its lock. */
export async function updateTenant(
  client: ClientBase,
  tenantId: string,
  { plan, licenceStatus, licenceExpiresAtMs }: TenantTerms,
): Promise<void> {
  await query(client, {
    name: "update-tenant",
    text: `
      update quotel.tenants
      set plan_id = $2, plan_source = 'assigned', licence_status = $3, licence_expires_at = $4,
        updated_at = clock_timestamp()
      where tenant_id = $1`,
    values: [tenantId, plan, licenceStatus, licenceExpiresAtMs === null ? null : instantOfMs(licenceExpiresAtMs)],
  });
}
