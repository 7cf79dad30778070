import type { Pool } from "pg";
import { query } from "#database/pool";

/** Which plan a tenant is on, and whether its licence is active at the database's clock. */
export interface Subscription {
  readonly plan: string;
  readonly licensed: boolean;
}

/** Reads a tenant's subscription; null where it has no row. */
export async function readSubscription(pool: Pool, tenantId: string): Promise<Subscription | null> {
  const { rows } = await query<Subscription>(pool, {
    name: "read-subscription",
    text: `
      select plan_id as plan,
        licence_status in ('active', 'trialing', 'past_due')
          and (licence_expires_at is null or licence_expires_at > clock_timestamp()) as licensed
      from quotel.tenants where tenant_id = $1`,
    values: [tenantId],
  });
  return rows[0] ?? null;
}
