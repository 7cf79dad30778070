import { ReduceDataOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { thresholds } from "../panel-style.ts";
import { POSTGRES, table } from "../query.ts";

/** The numbers to look at first. */
export function atAGlance(): StatBuilder {
  return new StatBuilder()
    .title("Now")
    .description(
      "Lost = missing in the numbering of producers heard in five minutes, or dropped by their own account. Behind = " +
        "since when the one furthest behind is incomplete. Unfolded events count all the same, but are slower to read.",
    )
    .datasource(POSTGRES)
    .span(24)
    .height(4)
    .unit("short")
    .decimals(0)
    .noValue("–")
    .thresholds(thresholds(undefined, 1))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .overrideByName("Collectors", [{ id: "thresholds", value: thresholds().build() }])
    .overrideByName("In quarantine", [{ id: "thresholds", value: thresholds(1).build() }])
    .overrideByName("Producers behind", seconds(120, 600))
    .overrideByName("Oldest unfolded", seconds(30, 120))
    .overrideByName("Not verified for", seconds(3_600, 86_400))
    .withTarget(
      table(`
        select
          max(value) filter (where name = 'collectors_running') as "Collectors",
          coalesce(sum(value) filter (where name = 'invariant_violations'), 0) as "Invariant violations",
          max(value) filter (where name = 'records_lost') as "Records lost",
          max(value) filter (where name = 'completeness_lag_seconds') as "Producers behind",
          coalesce(max(value) filter (where name = 'oldest_unfolded_age_seconds'), 0) as "Oldest unfolded",
          coalesce(max(value) filter (where name = 'unverified_age_seconds'), 0) as "Not verified for",
          coalesce(sum(value) filter (where name = 'quarantined'), 0) as "In quarantine"
        from pipeline_health
        where name in ('collectors_running', 'invariant_violations', 'records_lost', 'completeness_lag_seconds',
          'oldest_unfolded_age_seconds', 'unverified_age_seconds', 'quarantined')`),
    );
}

function seconds(warnAt: number, alarmAt: number): { id: string; value: unknown }[] {
  return [
    { id: "unit", value: "s" },
    { id: "thresholds", value: thresholds(warnAt, alarmAt).build() },
  ];
}
