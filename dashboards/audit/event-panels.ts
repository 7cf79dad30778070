import type { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import type { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { plainTable, stackedBars } from "../panel-style.ts";
import { table, timeSeries } from "../query.ts";
import { OF_PICKED_TENANTS } from "../tenant-variable.ts";

const HAPPENED_IN_RANGE = `$__timeFilter(occurred_at) and ${OF_PICKED_TENANTS}`;

/** How much of what happened. */
export function eventsByType(): PanelBuilder {
  return stackedBars()
    .title("Events by type")
    .description("Audit events by when they happened.")
    .noValue("Nothing was audited")
    .span(12)
    .height(8)
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(occurred_at, $__interval), event_type as metric, count(*) as "Events"
        from audit_events
        where ${HAPPENED_IN_RANGE}
        group by 1, 2
        order by 1, 2`),
    );
}

/** What somebody has to look at. */
export function failures(): TableBuilder {
  return plainTable()
    .title("Failed and not resolved")
    .description(
      "Events whose result is failure or partial and about which nothing was noted. `select resolve_audit_event(id, note)` " +
        "notes what was done.",
    )
    .noValue("Nothing failed")
    .span(12)
    .height(8)
    .withTarget(
      table(`
        select occurred_at as "When", tenant_id as "Tenant", event_type as "Type", result as "Result", error as "Error",
          id as "Id"
        from audit_events
        where ${HAPPENED_IN_RANGE} and result <> 'success' and resolved_at is null
        order by occurred_at desc, id
        limit 100`),
    );
}

/** What happened last. */
export function latestEvents(): TableBuilder {
  return plainTable()
    .title("Latest events")
    .description(
      "The newest 100 in the time range. Of erased events only that they happened is left; `verify_audit_chain` proves that none is missing.",
    )
    .noValue("Nothing was audited")
    .span(24)
    .height(12)
    .withTarget(
      table(`
        select occurred_at as "When", tenant_id as "Tenant", event_type as "Type", concat_ws(' ', actor_type, actor_id) as "Who",
          action as "Action", concat_ws(' ', entity_type, entity_id) as "What", summary as "Summary", result as "Result"
        from audit_events
        where ${HAPPENED_IN_RANGE}
        order by occurred_at desc, id
        limit 100`),
    );
}
