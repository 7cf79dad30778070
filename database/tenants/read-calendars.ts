import type { ClientBase } from "pg";
import type { CalendarVersion } from "../periods/period.ts";
import { query } from "../pool.ts";

/** Calendar versions by tenant, ascending. A tenant that is missing lives in UTC with months from day 1. */
export type Calendars = ReadonlyMap<string, readonly CalendarVersion[]>;

/** Reads the calendar versions of some tenants. They change only ahead of time (I7). */
export async function readCalendars(client: ClientBase, tenantIds: readonly string[]): Promise<Calendars> {
  const { rows } = await query<{ tenant_id: string; from_ms: number; zone: string; anchor_day: number }>(client, {
    name: "read-calendars",
    text: `
      select tenant_id, (extract(epoch from effective_from) * 1000)::bigint as from_ms, zone, anchor_day
      from quotel.tenant_calendars
      where tenant_id = any ($1::text[])
      order by tenant_id, effective_from`,
    values: [tenantIds],
  });
  const calendars = new Map<string, CalendarVersion[]>();
  for (const row of rows) {
    const versions = calendars.get(row.tenant_id) ?? [];
    versions.push({ effectiveFromMs: row.from_ms, zone: row.zone, anchorDay: row.anchor_day });
    calendars.set(row.tenant_id, versions);
  }
  return calendars;
}
