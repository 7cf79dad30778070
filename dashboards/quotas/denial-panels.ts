import type { PanelBuilder as BarGaugeBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import type { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import type { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { plainTable, rankedBars, stackedBars } from "../panel-style.ts";
import { table, timeSeries } from "../query.ts";
import { OF_PICKED_TENANTS } from "../tenant-variable.ts";

const DENIED_IN_RANGE = `$__timeFilter(minute) and ${OF_PICKED_TENANTS}`;

/** When the quota service said no. Summed by the minute first: to group each row by the macro's arithmetic takes twice as long. */
export function denials(): PanelBuilder {
  return stackedBars()
    .title("Denials by reason")
    .description("Checks and reservations that were denied, by the reason that callers were told.")
    .noValue("Nobody was denied anything")
    .span(12)
    .height(8)
    .interval("1m")
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(minute, $__interval), reason as metric, sum(denials)::bigint as "Denials"
        from (select minute, reason, sum(denials) as denials from quota_denials where ${DENIED_IN_RANGE} group by 1, 2) d
        group by 1, 2
        order by 1, 2`),
    );
}

/** Whom it hits. */
export function mostDenied(): BarGaugeBuilder {
  return rankedBars()
    .title("Most denied tenants")
    .description("The ten tenants with the most denials in the time range.")
    .noValue("Nobody was denied anything")
    .span(12)
    .height(8)
    .withTarget(
      table(`
        select tenant_id as "Tenant", sum(denials)::bigint as "Denials"
        from quota_denials
        where ${DENIED_IN_RANGE}
        group by 1
        order by 2 desc, 1
        limit 10`),
    );
}

/** What to raise, or to talk about. */
export function whatWasDenied(): TableBuilder {
  return plainTable()
    .title("What was denied")
    .description("By tenant, resource and reason. Single denials are explained by `GET /v1/quota/decisions/{id}`.")
    .noValue("Nobody was denied anything")
    .span(24)
    .height(7)
    .withTarget(
      table(`
        select tenant_id as "Tenant", resource as "Resource", reason as "Reason", sum(denials)::bigint as "Denials",
          min(minute) as "First", max(minute) as "Last"
        from quota_denials
        where ${DENIED_IN_RANGE}
        group by 1, 2, 3
        order by 4 desc, 1, 2, 3
        limit 100`),
    );
}
