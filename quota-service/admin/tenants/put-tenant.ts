import type { Pool } from "pg";
import { query } from "#database/pool";

export const LICENCE_STATUSES = ["active", "trialing", "past_due", "suspended", "cancelled", "expired"] as const;
export type LicenceStatus = (typeof LICENCE_STATUSES)[number];

export interface TenantSetting {
  readonly tenantId: string;
  readonly plan: string;
  /** Null keeps what is set; a new tenant begins as active. */
  readonly licenceStatus: LicenceStatus | null;
}

export interface RegisteredTenant {
  readonly tenantId: string;
  readonly plan: string;
  readonly planSource: "default" | "assigned";
  readonly licenceStatus: LicenceStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * Registers a tenant, or changes its plan; null where no such plan exists. One statement that takes the tenant's row, so
 * a decision sees the old plan or the new one; what was used and held stays.
 */
export async function putTenant(
  pool: Pool,
  { tenantId, plan, licenceStatus }: TenantSetting,
): Promise<RegisteredTenant | null> {
  const { rows } = await query<RegisteredTenant>(pool, {
    name: "put-tenant",
    text: `
      insert into quotel.tenants as t (tenant_id, plan_id, plan_source, licence_status)
      select $1, $2, 'assigned', coalesce($3, 'active')
      where exists (select from quotel.plans where plan_id = $2)
      on conflict (tenant_id) do update set
        plan_id = excluded.plan_id, plan_source = 'assigned', licence_status = coalesce($3, t.licence_status),
        updated_at = now()
      returning
        tenant_id as "tenantId", plan_id as plan, plan_source as "planSource", licence_status as "licenceStatus",
        created_at as "createdAt", updated_at as "updatedAt"`,
    values: [tenantId, plan, licenceStatus],
  });
  return rows[0] ?? null;
}
