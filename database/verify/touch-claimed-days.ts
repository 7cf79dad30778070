import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { Pool } from "pg";
import { query } from "../pool.ts";

/**
 * Has nobody's days verified again when a tenant was registered since the last pass whose name events gave before: what
 * waits there may be that tenant's now. Rows are locked in primary-key order, as the
 * fold takes them, and only for a moment.
 */
export async function touchClaimedDays(pool: Pool): Promise<void> {
  await query(pool, {
    name: "touch-claimed-days",
    text: `
      update quotel.accounted_days d set
        changed_at = coalesce(d.changed_at, clock_timestamp()),
        touched_at = clock_timestamp()
      from (
        select tenant_id, day_start from quotel.accounted_days
        where tenant_id = $1 and exists (
          select from quotel.unknown_tenants u join quotel.tenants t using (tenant_id)
          -- A transaction that registers one may be a while in coming.
          where t.created_at > (select passed_at from quotel.verification) - interval '1 minute')
        order by tenant_id, day_start
        for update
      ) claimed
      where (d.tenant_id, d.day_start) = (claimed.tenant_id, claimed.day_start)`,
    values: [UNATTRIBUTED_TENANT],
  });
}
