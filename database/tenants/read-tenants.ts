import type { ClientBase, Pool } from "pg";
import { textArray } from "../array-text.ts";
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

/**
 * Each id is looked up by itself (`limit` keeps the planner from turning that into a join), so locks are taken in the
 * order of the ids, and a plan that was made while the table was small stays right when it has grown.
 */
function text(locking: string): string {
  return `
    select r.*
    from unnest($1::text[]) as k (tenant_id)
    cross join lateral (
      select t.tenant_id, t.plan_id, t.plan_source, t.licence_status,
        (extract(epoch from t.licence_expires_at) * 1000)::bigint as licence_expires_ms,
        (select max(p.version) from quotel.plans p where p.plan_id = t.plan_id) as plan_version,
        -- Mostly there is none: asking that first is cheaper than aggregating nothing.
        case when exists (select from quotel.tenant_calendars c where c.tenant_id = t.tenant_id) then (
          select json_agg(json_build_object('from_ms', (extract(epoch from c.effective_from) * 1000)::bigint,
            'zone', c.zone, 'anchor_day', c.anchor_day) order by c.effective_from)
          from quotel.tenant_calendars c where c.tenant_id = t.tenant_id
        ) end as calendar
      from quotel.tenants t
      where t.tenant_id = k.tenant_id
      limit 1
      ${locking}) r`;
}

const READ = text("");
const LOCK = text("for no key update skip locked");
const LOCK_WAITING = text("for no key update");

/** Reads tenants by id; ids without a row are left out. */
export async function readTenants(on: ClientBase | Pool, tenantIds: readonly string[]): Promise<Map<string, Tenant>> {
  return tenantsOf((await query<Row>(on, { name: "read-tenants", text: READ, values: [textArray(tenantIds)] })).rows);
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
  const statement = wait ? { name: "lock-tenants-waiting", text: LOCK_WAITING } : { name: "lock-tenants", text: LOCK };
  // In one order everywhere, so that two who wait cannot wait for each other.
  const sorted = [...tenantIds].sort();
  return tenantsOf((await query<Row>(client, { ...statement, values: [textArray(sorted)] })).rows);
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
