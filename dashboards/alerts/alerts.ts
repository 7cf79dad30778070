import { ruleOf } from "./alert-rule.ts";
import { COMPLETENESS_ALERTS } from "./completeness-alerts.ts";
import { DELAY_ALERTS } from "./delay-alerts.ts";
import { REFUSAL_ALERTS } from "./refusal-alerts.ts";

/** Every alert, as the file that Grafana provisions its rules from. */
export function alertsFile(): string {
  const rules = [...COMPLETENESS_ALERTS, ...DELAY_ALERTS, ...REFUSAL_ALERTS].map(ruleOf);
  const groups = [{ orgId: 1, name: "quotel", folder: "quotel", interval: "1m", rules }];
  return `${JSON.stringify({ apiVersion: 1, groups }, null, 2)}\n`;
}
