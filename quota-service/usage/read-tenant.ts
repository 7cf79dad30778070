import type { Pool } from "pg";
import type { CalendarVersion } from "#database/periods/period";
import { readClock } from "#database/periods/read-clock";
import { query } from "#database/pool";
import { readCalendars } from "#database/tenants/read-calendars";
import { inTransaction } from "#database/transaction";

export interface TenantRecord {
  /** Null: usage of it is known, but nobody has registered it. */
  readonly plan: string | null;
  readonly calendar: readonly CalendarVersion[];
  /** When that was so, by the database's clock (Unix milliseconds), as decisions are. */
  readonly readAtMs: number;
}

/** A tenant's plan and calendar. */
export async function readTenant(pool: Pool, tenantId: string): Promise<TenantRecord> {
  return inTransaction(pool, async (client) => {
    const [{ rows }, calendars, readAtMs] = await Promise.all([
      query<{ plan: string }>(client, {
        name: "read-tenant-plan",
        text: `select plan_id as plan from quotel.tenants where tenant_id = $1`,
        values: [tenantId],
      }),
      readCalendars(client, [tenantId]),
      readClock(client),
    ]);
    return { plan: rows[0]?.plan ?? null, calendar: calendars.get(tenantId) ?? [], readAtMs };
  });
}
