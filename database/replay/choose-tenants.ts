import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { instantOfMs } from "../periods/instant.ts";
import { query } from "../pool.ts";

/** The next tenants with a total in a day of [fromMs, toMs), in the database's order; what nobody is named for is no tenant's. */
export async function chooseTenants(
  client: ClientBase,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  after: string,
  most: number,
): Promise<string[]> {
  const { rows } = await query<{ tenant_id: string }>(client, {
    name: "choose-tenants-with-totals",
    text: `
      select distinct tenant_id from quotel.day_totals
      where tenant_id > $1 and tenant_id <> $2 and day_start < $4 and day_end > $3
      order by tenant_id limit $5`,
    values: [after, UNATTRIBUTED_TENANT, instantOfMs(fromMs), instantOfMs(toMs), most],
  });
  return rows.map(({ tenant_id }) => tenant_id);
}
