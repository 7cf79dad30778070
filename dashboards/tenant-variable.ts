import { QueryVariableBuilder, VariableRefresh, VariableSort } from "@grafana/grafana-foundation-sdk/dashboard";
import { POSTGRES } from "./query.ts";

/**
 * The condition that narrows any of the views to the tenants picked at the top of the dashboard. An array, because the
 * list is empty in a new database and `in ()` is not SQL; `sqlstring` quotes each id.
 */
export const OF_PICKED_TENANTS = `tenant_id = any (array[$\{tenant:sqlstring}]::text[])`;

/** `tenant`: every tenant with a plan, and whoever else has usage (such as `unattributed`). */
export function tenantVariable(): QueryVariableBuilder {
  const sql = "select tenant_id from metered_tenants order by 1";
  return new QueryVariableBuilder("tenant")
    .label("Tenant")
    .description("Tenants to show; All includes those without a plan, such as unattributed.")
    .datasource(POSTGRES)
    .query(sql)
    .definition(sql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: "All", value: "$__all" });
}
