import type { Alert } from "./alert-rule.ts";

/** Usage that comes late, or not at all for now. */
export const DELAY_ALERTS: readonly Alert[] = [
  {
    uid: "no-collector",
    title: "No collector is running",
    summary: "No collector has reported for a minute. Producers keep usage until one is back.",
    severity: "critical",
    sql: "select value from pipeline_health where name = 'collectors_running'",
    below: 1,
    forMinutes: 1,
    dashboardUid: "quotel-pipeline",
  },
  {
    uid: "intake-lag",
    title: "Usage arrives late",
    summary:
      "What was received in the last five minutes had ended more than a minute before, on the mean. Decisions see it that much later; after an outage this passes by itself.",
    severity: "warning",
    sql: `
      select sum(mean_lag_seconds * events) / sum(events) as lag
      from pipeline_intake
      where minute > now() - interval '5 minutes'
      having sum(events) > 0`,
    above: 60,
    forMinutes: 5,
    dashboardUid: "quotel-pipeline",
  },
  {
    uid: "unfolded",
    title: "Rollups fall behind",
    summary:
      "Recorded events have waited more than two minutes to be folded into the rollups. They count, but reads get slower; collectors say they are not ready.",
    severity: "warning",
    sql: "select value from pipeline_health where name = 'oldest_unfolded_age_seconds'",
    above: 120,
    forMinutes: 2,
    dashboardUid: "quotel-pipeline",
  },
  {
    uid: "no-days-ahead",
    title: "The ledger has no day for tomorrow",
    summary:
      "Collectors make the ledger's partitions three days ahead, each hour, and cannot. See the metric `quotel_collector_upkeep_failures_total` and their logs.",
    severity: "warning",
    sql: "select value from pipeline_health where name = 'ledger_days_ahead'",
    below: 1,
    forMinutes: 10,
    dashboardUid: "quotel-pipeline",
  },
  {
    uid: "old-days",
    title: "Old days of the ledger are not dropped",
    summary:
      "The ledger holds days from well beyond the horizon of 30 days. A backfill that is neither closed nor reverted keeps them, or a transaction that never ends.",
    severity: "warning",
    sql: "select value from pipeline_health where name = 'ledger_oldest_day_age'",
    above: 34,
    forMinutes: 60,
    dashboardUid: "quotel-pipeline",
  },
];
