import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { auditTrail } from "./audit/audit-trail.ts";
import { pipeline } from "./pipeline/pipeline.ts";
import { quotas } from "./quotas/quotas.ts";
import { usageAgainstLimits } from "./usage/usage-against-limits.ts";

/** Every dashboard there is. A new one is added here and nowhere else. */
const DASHBOARDS = [usageAgainstLimits, quotas, pipeline, auditTrail];

/** The generated files, name -> text. Pure: the same code makes the same bytes. */
export function generate(): Map<string, string> {
  const files = new Map<string, string>();
  for (const make of DASHBOARDS) {
    const dashboard = make().build();
    numberPanels(dashboard);
    const name = `${dashboard.uid?.replace(/^quotel-/, "")}.json`;
    if (files.has(name)) throw new Error(`Two dashboards have the uid ${dashboard.uid}`);
    files.set(name, `${JSON.stringify(dashboard, null, 2)}\n`);
  }
  return files;
}

/** Links to a panel name its id, so ids are ours and not left to whoever loads the file. */
function numberPanels(dashboard: Dashboard): void {
  for (const [index, panel] of (dashboard.panels ?? []).entries()) panel.id = index + 1;
}
