import type { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { TableCellDisplayMode } from "@grafana/grafana-foundation-sdk/common";
import type { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { plainTable, stackedBars, thresholds } from "../panel-style.ts";
import { table, timeSeries } from "../query.ts";

/** Counts that are above 0 when something is wrong. */
const OF_CONCERN = ["Lost", "Dropped", "Damaged", "Refused by collector", "Allowed alone", "Denied alone"];

/** Up to when each process's usage is all there, and what it says of itself. */
export function producers(): TableBuilder {
  const panel = plainTable()
    .title("Producers")
    .description(
      "Each run of a process heard in the time range, those with losses first. Lost = missing in its numbering, or dropped " +
        "by its own account. Waiting = kept by it until the collector takes it. Damaged = unreadable in its spool, maybe of " +
        "an earlier run. Allowed and denied alone = decided without the quota service.",
    )
    .noValue("No process numbers its records")
    .span(24)
    .height(9)
    .withTarget(
      table(`
        select coalesce(service, 'unknown') as "Service", left(boot_id, 8) as "Run", producer as "Key",
          complete_to as "Complete to", lost as "Lost", waiting as "Waiting", dropped as "Dropped", damaged as "Damaged",
          quarantined + rejected as "Refused by collector", fail_open as "Allowed alone", fail_closed as "Denied alone",
          received as "Received", last_heard_at as "Last heard"
        from producer_completeness
        where $__timeFilter(last_heard_at)
        order by lost desc, last_heard_at desc, boot_id
        limit 100`),
    );
  for (const name of OF_CONCERN) {
    panel.overrideByName(name, [
      { id: "custom.cellOptions", value: { type: TableCellDisplayMode.ColorText } },
      { id: "thresholds", value: thresholds(undefined, 1).build() },
    ]);
  }
  return panel;
}

/** When processes were in trouble. */
export function producerReports(): PanelBuilder {
  return stackedBars()
    .title("What producers report")
    .description(
      "By minute of receipt, over all processes: dropped and damaged records, items the collector refused, requests sent " +
        "again, decisions taken without the quota service (fail open, fail closed), tenant headers that did not hold.",
    )
    .noValue("No process has reported any trouble")
    .span(24)
    .height(7)
    .interval("1m")
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(minute, $__interval), replace(counter, '_', ' ') as metric, sum(amount)::bigint as "Count"
        from producer_reports
        where $__timeFilter(minute) and counter not in ('recorded', 'acknowledged', 'replayed')
        group by 1, 2
        order by 1, 2`),
    );
}
