import type { Alert } from "./alert-rule.ts";

/** Usage that came and does not count. */
export const REFUSAL_ALERTS: readonly Alert[] = [
  {
    uid: "quarantine-growth",
    title: "The quarantine grows",
    summary:
      "Items of the last hour were set aside ({{ .Labels.reason }}) and do not count. `npm run quarantine` lists them, tries them again or gives them up.",
    severity: "warning",
    sql: "select label as reason, value from pipeline_health where name = 'quarantined_last_hour'",
    above: 0,
    dashboardUid: "quotel-pipeline",
  },
  {
    uid: "foreign-claims",
    title: "A key claims a foreign tenant",
    summary:
      "Key {{ .Labels.producer }} named tenants in the last hour that it may not speak for; that was refused. A key in the wrong place, or an attack.",
    severity: "critical",
    sql: `
      select producer, sum(claims)::float8 as claims
      from security_events
      where last_seen > now() - interval '1 hour'
      group by 1`,
    above: 0,
    dashboardUid: "quotel-pipeline",
  },
];
