import type { ClientBase } from "pg";
import { textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import { KINDS_OF_TENANTS } from "./finding.ts";

/** Tenants that one pass looks at besides those whose days have changed: so many per pass go round all of them. */
const TENANTS_PER_PASS = 200;

/**
 * The next tenants of the round, and those with which something was found. Holds change without an event, so tenants are
 * looked at in turn, changed or not. Moves the round on.
 */
export async function chooseTenants(client: ClientBase): Promise<string[]> {
  const { rows } = await query<{ tenant_id: string }>(client, {
    name: "choose-tenants",
    text: `
      with next as materialized (
        select tenant_id from quotel.tenants
        where tenant_id > (select tenants_after from quotel.verification)
        order by tenant_id limit $1
      ), moved as (
        update quotel.verification set tenants_after = case when (select count(*) from next) < $1 then ''
          else (select max(tenant_id) from next) end
      )
      select tenant_id from next
      union
      select tenant_id from quotel.invariant_findings where cleared_at is null and kind = any ($2::text[])`,
    values: [TENANTS_PER_PASS, textArray(KINDS_OF_TENANTS)],
  });
  return rows.map((row) => row.tenant_id);
}
