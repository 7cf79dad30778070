import { QueryVariableBuilder, VariableRefresh, VariableSort } from "@grafana/grafana-foundation-sdk/dashboard";
import type { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import type { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { lines } from "../panel-style.ts";
import { POSTGRES, table, timeSeries } from "../query.ts";
import { limitTable } from "../usage/limit-panels.ts";
import { OF_PICKED_TENANTS } from "../tenant-variable.ts";

/** An array, because there is no level in a new database. */
const OF_PICKED_LEVEL = `resource = any (array[$\{level:sqlstring}]::text[])`;

/** `level`: what anybody has a level of. Bytes and members have no axis in common, so one is picked. */
export function levelVariable(): QueryVariableBuilder {
  const sql = "select distinct resource from usage_levels order by 1";
  return new QueryVariableBuilder("level")
    .label("Level")
    .description("The resource whose level is drawn over time.")
    .datasource(POSTGRES)
    .query(sql)
    .definition(sql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

/** What each tenant keeps of what it may. */
export function levelsAgainstLimits(): TableBuilder {
  return limitTable()
    .title("Levels against limits")
    .description("The newest sample of each level that has a limit, and what reservations hold beside it.")
    .noValue("No plan limits a level")
    .span(12)
    .height(9)
    .withTarget(
      table(`
        select tenant_id as "Tenant", plan as "Plan", resource as "Resource", used as "Used", reserved as "Held",
          limit_amount as "Limit", percent_used as "Share used", state as "State"
        from quota_status
        where period = 'level' and ${OF_PICKED_TENANTS}
        order by percent_used desc nulls last, used desc, tenant_id, resource
        limit 100`),
    );
}

/** How they grew. */
export function levelsOverTime(): PanelBuilder {
  return lines()
    .title("Highest level of each day")
    .description("Of the picked level, for the ten tenants with the most; a day is the tenant's own.")
    .noValue("No samples")
    .span(12)
    .height(9)
    .interval("1d")
    .withTarget(
      timeSeries(`
        select day_start as "time", tenant_id as metric, high_water as "High water"
        from usage_levels_daily
        where $__timeFilter(day_start) and ${OF_PICKED_LEVEL}
          and tenant_id = any (array(
            select tenant_id
            from usage_levels_daily
            where $__timeFilter(day_start) and ${OF_PICKED_LEVEL} and ${OF_PICKED_TENANTS}
            group by tenant_id
            order by max(high_water) desc, tenant_id
            limit 10))
        order by 1, 2`),
    );
}
