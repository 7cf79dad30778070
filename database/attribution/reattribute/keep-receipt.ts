import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { query } from "../../pool.ts";

/** Gives rows that were moved the instants of receipt that they had. */
export async function keepReceipt(
  client: ClientBase,
  moved: { readonly from: number; readonly to: number; readonly eventDay: string; readonly tenantId: string },
): Promise<void> {
  await query(client, {
    name: "keep-receipt",
    text: `
      update quotel.usage_events n set received_at = o.received_at
      from quotel.usage_events o
      where n.tenant_id = $1 and n.event_day = $2::date and n.batch = $3
        and o.tenant_id = $4 and o.event_day = $2::date and o.batch = $5
        and o.trace_id = n.trace_id and o.span_id = n.span_id`,
    values: [moved.tenantId, moved.eventDay, moved.to, UNATTRIBUTED_TENANT, moved.from],
  });
}
