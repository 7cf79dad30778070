import type { ClientBase } from "pg";
import { instantOfMs } from "#database/periods/instant";
import type { CalendarVersion } from "#database/periods/period";
import { query } from "#database/pool";

/**
 * Adds a version of a tenant's calendar, or replaces the one that was to begin at the same instant, which is still to
 * come (`calendarChange` sees to that). The caller holds the tenant's lock.
 */
export async function writeCalendar(
  client: ClientBase,
  tenantId: string,
  { effectiveFromMs, zone, anchorDay }: CalendarVersion,
): Promise<void> {
  await query(client, {
    name: "write-calendar",
    text: `
      insert into quotel.tenant_calendars (tenant_id, effective_from, zone, anchor_day) values ($1, $2, $3, $4)
      on conflict (tenant_id, effective_from) do update set zone = excluded.zone, anchor_day = excluded.anchor_day`,
    values: [tenantId, instantOfMs(effectiveFromMs), zone, anchorDay],
  });
}
