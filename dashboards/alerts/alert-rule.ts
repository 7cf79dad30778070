import { POSTGRES, table } from "../query.ts";
import type { PostgresQuery } from "../query.ts";

/** What an alert is about, in our words. */
export interface Alert {
  /** Stable: Grafana knows the rule by it. Lower-case words joined by hyphens. */
  readonly uid: string;
  readonly title: string;
  /** What it means and what to do, for whoever is woken up by it. */
  readonly summary: string;
  /** critical = usage is lost or wrong, or nothing works; warning = somebody should look today. */
  readonly severity: "critical" | "warning";
  /**
   * Rows of any number of texts, which are the alert's labels, and one number. Nothing that begins with a dollar sign:
   * Grafana takes it for a variable of its environment in a provisioned file.
   */
  readonly sql: string;
  /** It fires for each row whose number is above this, or below it. */
  readonly above?: number;
  readonly below?: number;
  /** How long that must last. Default: not at all. */
  readonly forMinutes?: number;
  /** uid of the dashboard to look at. */
  readonly dashboardUid: string;
}

/** A rule as Grafana takes it from a provisioned file; its names are not those of Grafana's HTTP API. */
export interface AlertRule {
  readonly uid: string;
  readonly title: string;
  readonly condition: "B";
  readonly data: readonly [RuleStep<PostgresQuery>, RuleStep<Threshold>];
  readonly dashboardUid: string;
  readonly noDataState: "OK";
  readonly execErrState: "Error";
  readonly for: string;
  readonly annotations: { readonly summary: string };
  readonly labels: { readonly severity: Alert["severity"]; readonly team: "quotel" };
}

interface RuleStep<Model> {
  readonly refId: string;
  /** Seconds before now. Our queries say themselves how far they look back. */
  readonly relativeTimeRange: { readonly from: number; readonly to: number };
  readonly datasourceUid: string;
  readonly model: Model;
}

/** Grafana's own step of comparing the numbers of another. */
interface Threshold {
  readonly refId: string;
  readonly type: "threshold";
  readonly expression: "A";
  readonly datasource: { readonly type: "__expr__"; readonly uid: "__expr__" };
  readonly conditions: readonly [{ readonly evaluator: Evaluator }];
}

interface Evaluator {
  readonly type: "gt" | "lt";
  readonly params: readonly [number];
}

/** No row is no trouble; a query that fails is an alert of its own kind. */
export function ruleOf({ sql, above, below, forMinutes = 0, ...alert }: Alert): AlertRule {
  const evaluator: Evaluator =
    below === undefined ? { type: "gt", params: [above ?? 0] } : { type: "lt", params: [below] };
  const relativeTimeRange = { from: 3_600, to: 0 };
  return {
    uid: `quotel-${alert.uid}`,
    title: alert.title,
    condition: "B",
    data: [
      { refId: "A", relativeTimeRange, datasourceUid: POSTGRES.uid, model: table(sql).build() },
      {
        refId: "B",
        relativeTimeRange,
        datasourceUid: EXPRESSION.uid,
        model: { refId: "B", type: "threshold", expression: "A", datasource: EXPRESSION, conditions: [{ evaluator }] },
      },
    ],
    dashboardUid: alert.dashboardUid,
    noDataState: "OK",
    execErrState: "Error",
    for: `${forMinutes}m`,
    annotations: { summary: alert.summary },
    labels: { severity: alert.severity, team: "quotel" },
  };
}

const EXPRESSION = { type: "__expr__", uid: "__expr__" } as const;
