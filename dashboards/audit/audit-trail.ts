import type { DashboardBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboard } from "../dashboard.ts";
import { tenantVariable } from "../tenant-variable.ts";
import { eventsByType, failures, latestEvents } from "./event-panels.ts";

/** Who changed what. */
export function auditTrail(): DashboardBuilder {
  return dashboard("Audit trail", "quotel-audit-trail", "audit")
    .description("Per tenant: what happened, who did it, and what failed and was not dealt with.")
    .time({ from: "now-7d", to: "now" })
    .withVariable(tenantVariable())
    .withPanel(eventsByType())
    .withPanel(failures())
    .withPanel(latestEvents());
}
