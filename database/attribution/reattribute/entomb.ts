import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { query } from "../../pool.ts";

/** Turns marked rows into tombstones: they count nowhere, and keep their identity taken. */
export async function entomb(client: ClientBase, batch: number, eventDay: string, movedTo: string): Promise<void> {
  await query(client, {
    name: "entomb",
    text: `
      update quotel.usage_events set moved_to = $4
      where tenant_id = $1 and event_day = $2::date and batch = $3`,
    values: [UNATTRIBUTED_TENANT, eventDay, batch, movedTo],
  });
}
