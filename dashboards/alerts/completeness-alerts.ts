import type { Alert } from "./alert-rule.ts";

/** Usage that is lost, or sums that are wrong. */
export const COMPLETENESS_ALERTS: readonly Alert[] = [
  {
    uid: "invariant-violations",
    title: "The sums do not add up",
    summary:
      "The verifier finds rollups, totals or holds that differ from the ledger, or an audit trail that was changed ({{ .Labels.kind }}). See Invariant violations; `npm run rebuild` makes rollups and totals of a range anew.",
    severity: "critical",
    sql: "select kind, count(*) from invariant_violations group by kind",
    above: 0,
    dashboardUid: "quotel-pipeline",
  },
  {
    uid: "not-verified",
    title: "Nobody verifies the sums",
    summary:
      "The verifier has not ended a pass for ten minutes: no violation would be seen. Look into the collectors' logs for why it fails.",
    severity: "warning",
    sql: "select value from pipeline_health where name = 'verified_age_seconds'",
    above: 600,
    forMinutes: 5,
    dashboardUid: "quotel-pipeline",
  },
  {
    uid: "records-lost",
    title: "A producer has lost usage",
    summary:
      "Records of {{ .Labels.service }} are missing in its numbering, or were dropped by its own account. What is still in a spool comes when the process runs again; the rest is gone.",
    severity: "critical",
    sql: `
      select coalesce(service, 'unknown') as service, producer, sum(lost)::float8 as lost
      from producer_completeness
      where last_heard_at > now() - interval '1 hour'
      group by 1, 2`,
    above: 0,
    // What is on its way is a gap for a moment.
    forMinutes: 5,
    dashboardUid: "quotel-pipeline",
  },
  {
    uid: "records-damaged",
    title: "A producer could not read its spool, or set usage aside",
    summary:
      "In the last hour processes reported {{ .Labels.what }} records. Look into the spool's folder `quarantine`, and at the disk.",
    severity: "warning",
    sql: `
      select counter as what, sum(amount)::float8 as records
      from producer_reports
      where minute > now() - interval '1 hour' and counter in ('damaged', 'quarantined', 'rejected')
      group by 1`,
    above: 0,
    dashboardUid: "quotel-pipeline",
  },
  {
    uid: "decided-alone",
    title: "Decisions are taken without the quota service",
    summary:
      "In the last quarter of an hour apps got no answer from the quota service and followed their own setting ({{ .Labels.how }}): limits are not enforced, or work is denied that was allowed.",
    severity: "critical",
    sql: `
      select replace(counter, '_', ' ') as how, sum(amount)::float8 as decisions
      from producer_reports
      where minute > now() - interval '15 minutes' and counter in ('fail_open', 'fail_closed')
      group by 1`,
    above: 0,
    dashboardUid: "quotel-pipeline",
  },
];
