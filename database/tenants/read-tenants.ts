import type { ClientBase, Pool } from "pg";
import type { CalendarVersion } from "../periods/period.ts";
import { query } from "../pool.ts";
import type { Calendars } from "./read-calendars.ts";

export type LicenceStatus = "active" | "trialing" | "past_due" | "suspended" | "cancelled" | "expired";

/** A tenant as decisions need it. */
export interface Tenant {
  readonly tenantId: string;
  readonly planId: string;
  /** The plan's version in force. Versions never change, so what belongs to one may be cached for good. */
  readonly planVersion: number;
  readonly planSource: "default" | "assigned";
  readonly licenceStatus: LicenceStatus;
  /** From then on the licence counts as expired, whatever its status; null = it does not end. */
  readonly licenceExpiresAtMs: number | null;
  readonly calendar: readonly CalendarVersion[];
}

interface Row {
  tenant_id: string;
  plan_id: string;
  plan_version: number;
  plan_source: "default" | "assigned";
  licence_status: LicenceStatus;
  licence_expires_ms: number | null;
  calendar: { from_ms: number; zone: string; anchor_day: number }[] | null;
}

const TEXT = `
  select t.tenant_id, t.plan_id, t.plan_source, t.licence_status,
    (extract(epoch from t.licence_expires_at) * 1000)::bigint as licence_expires_ms,
    (select max(p.version) from quotel.plans p where p.plan_id = t.plan_id) as plan_version,
    (select json_agg(json_build_object('from_ms', (extract(epoch from c.effective_from) * 1000)::bigint,
        'zone', c.zone, 'anchor_day', c.anchor_day) order by c.effective_from)
      from quotel.tenant_calendars c where c.tenant_id = t.tenant_id) as calendar
  from quotel.tenants t
  where t.tenant_id = any ($1::text[])
  order by t.tenant_id`;

/** Reads tenants by id; ids without a row are left out. */
export async function readTenants(on: ClientBase | Pool, tenantIds: readonly string[]): Promise<Map<string, Tenant>> {
  return tenantsOf((await query<Row>(on, { name: "read-tenants", text: TEXT, values: [tenantIds] })).rows);
}

/**
 * Locks tenants until the transaction ends: the mutual exclusion of decisions (I8). Everything that admits holds this
 * lock; ingest and closes do not, because they only turn holds into usage or add usage that nobody can refuse.
 * A plan change takes the same lock, so a decision sees the old plan or the new one.
 *
 * @param wait false: rows that someone else has locked are left out, so a busy tenant never stalls the others
 */
export async function lockTenants(
  client: ClientBase,
  tenantIds: readonly string[],
  wait: boolean,
): Promise<Map<string, Tenant>> {
  const statement = wait
    ? { name: "lock-tenants-waiting", text: `${TEXT} for no key update of t` }
    : { name: "lock-tenants", text: `${TEXT} for no key update of t skip locked` };
  return tenantsOf((await query<Row>(client, { ...statement, values: [tenantIds] })).rows);
}

/** The calendars of tenants that have been read. */
export function calendarsOf(tenants: ReadonlyMap<string, Tenant>): Calendars {
  return new Map([...tenants.values()].map((tenant) => [tenant.tenantId, tenant.calendar]));
}

function tenantsOf(rows: readonly Row[]): Map<string, Tenant> {
  return new Map(
    rows.map((row) => [
      row.tenant_id,
      {
        tenantId: row.tenant_id,
        planId: row.plan_id,
        planVersion: row.plan_version,
        planSource: row.plan_source,
        licenceStatus: row.licence_status,
        licenceExpiresAtMs: row.licence_expires_ms,
        calendar: (row.calendar ?? []).map((version) => ({
          effectiveFromMs: version.from_ms,
          zone: version.zone,
          anchorDay: version.anchor_day,
        })),
      },
    ]),
  );
}
