import type { ClientBase, Pool } from "pg";
import { query } from "#database/pool";
import { readTenants } from "#database/tenants/read-tenants";
import type { LicenceStatus } from "#database/tenants/read-tenants";
import { calendarAt } from "./tenant-calendar.ts";

/** A tenant as administrators see it, and as the API answers it. */
export interface RegisteredTenant {
  readonly tenantId: string;
  readonly plan: string;
  readonly planSource: "default" | "assigned";
  readonly licenceStatus: LicenceStatus;
  /** RFC 3339; null = it does not end. */
  readonly licenceExpiresAt: string | null;
  readonly zone: string;
  readonly anchorDay: number;
  /** The calendar that holds from the end of the current month period on; null = the present one goes on. */
  readonly calendarChange: {
    readonly zone: string;
    readonly anchorDay: number;
    readonly effectiveFrom: string;
  } | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

interface Row {
  readonly expires_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly now_ms: number;
}

/** Reads one tenant; null where it has no row. */
export async function readRegisteredTenant(on: ClientBase | Pool, tenantId: string): Promise<RegisteredTenant | null> {
  const [tenants, { rows }] = await Promise.all([
    readTenants(on, [tenantId]),
    query<Row>(on, {
      name: "read-registered-tenant",
      text: `
        select licence_expires_at as expires_at, created_at, updated_at,
          (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms
        from quotel.tenants where tenant_id = $1`,
      values: [tenantId],
    }),
  ]);
  const tenant = tenants.get(tenantId);
  const row = rows[0];
  if (tenant === undefined || row === undefined) return null;
  const { current, next } = calendarAt(tenant.calendar, row.now_ms);
  return {
    tenantId,
    plan: tenant.planId,
    planSource: tenant.planSource,
    licenceStatus: tenant.licenceStatus,
    licenceExpiresAt: row.expires_at?.toISOString() ?? null,
    zone: current.zone,
    anchorDay: current.anchorDay,
    calendarChange: next && {
      zone: next.zone,
      anchorDay: next.anchorDay,
      effectiveFrom: new Date(next.effectiveFromMs).toISOString(),
    },
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
