import type { PanelBuilder as BarGaugeBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import { BarGaugeDisplayMode, BarGaugeValueMode, TableCellDisplayMode } from "@grafana/grafana-foundation-sdk/common";
import { MappingType, SpecialValueMatch } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { rankedBars, thresholds } from "../panel-style.ts";
import { POSTGRES, table } from "../query.ts";
import { OF_PICKED_TENANTS } from "../tenant-variable.ts";

const WARN_PERCENT = 80;
const FULL_PERCENT = 100;
/** A limit of 0 is used up from the start; that is news only where somebody has gone past it. */
const NOT_SWITCHED_OFF = "(limit_amount = 0 and used = 0) is not true";

/** What each tenant has used of its tokens per day, in the day that is now in the tenant's own zone. */
export function tokensAgainstLimit(): TableBuilder {
  return limitTable()
    .title("Tokens used of today's limit")
    .description(
      "Today in each tenant's own zone. Held = kept by open reservations and by calls whose spans are under way; " +
        "used + held never passes a hard limit. The 100 closest to their limit.",
    )
    .span(14)
    .height(10)
    .withTarget(
      table(`
        select tenant_id as "Tenant", plan as "Plan", used as "Used", reserved as "Held", limit_amount as "Limit",
          percent_used as "Share used", resets_at as "Resets at", state as "State"
        from quota_status
        where resource = 'tokens' and period = 'day' and ${NOT_SWITCHED_OFF} and ${OF_PICKED_TENANTS}
        order by percent_used desc nulls last, used desc, tenant_id
        limit 100`),
    );
}

/** Who uses most today, whatever their limit. */
export function topTenants(): BarGaugeBuilder {
  return rankedBars()
    .title("Top tenants by tokens today")
    .description("The ten tenants with the most tokens, input and output of every model call, in their current day.")
    .span(10)
    .height(10)
    .withTarget(
      table(`
        select tenant_id as "Tenant", amount as "Tokens"
        from usage_daily
        where resource = 'tokens' and day_start <= now() and day_end > now() and ${OF_PICKED_TENANTS}
        order by amount desc, tenant_id
        limit 10`),
    );
}

/** Whom to talk to before they are denied: every limit, not only tokens. */
export function closeToLimit(): TableBuilder {
  return limitTable()
    .title(`Tenants above ${WARN_PERCENT} % of a limit`)
    .description(
      `Every limit, of any resource and period, of which ${WARN_PERCENT} % or more is used; ` +
        "from 100 % on the next request is denied where the limit is hard.",
    )
    .noValue(`Nobody is above ${WARN_PERCENT} %`)
    .span(14)
    .height(8)
    .withTarget(
      table(`
        select tenant_id as "Tenant", plan as "Plan", resource as "Resource", period as "Period",
          enforcement as "Enforcement", used as "Used", limit_amount as "Limit", percent_used as "Share used",
          resets_at as "Resets at"
        from quota_status
        where percent_used >= ${WARN_PERCENT} and ${NOT_SWITCHED_OFF} and ${OF_PICKED_TENANTS}
        order by percent_used desc, tenant_id, resource, period
        limit 100`),
    );
}

/** A table with a limit, which may be none, and the share that is used of it. */
export function limitTable(): TableBuilder {
  const unlimited = {
    type: MappingType.SpecialValue,
    options: { match: SpecialValueMatch.Null, result: { text: "unlimited" } },
  };
  return new TableBuilder()
    .datasource(POSTGRES)
    .unit("short")
    .thresholds(thresholds(WARN_PERCENT, FULL_PERCENT))
    .overrideByName("Limit", [{ id: "mappings", value: [unlimited] }])
    .overrideByName("Share used", [
      { id: "unit", value: "percent" },
      { id: "min", value: 0 },
      { id: "max", value: FULL_PERCENT },
      {
        id: "custom.cellOptions",
        value: {
          type: TableCellDisplayMode.Gauge,
          mode: BarGaugeDisplayMode.Gradient,
          valueDisplayMode: BarGaugeValueMode.Text,
        },
      },
    ]);
}
