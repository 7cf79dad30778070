import { DashboardBuilder, DashboardCursorSync } from "@grafana/grafana-foundation-sdk/dashboard";
import { tenantVariable } from "../usage/tenant-variable.ts";
import { eventsByType, failures, latestEvents } from "./event-panels.ts";

/** Who changed what. */
export function auditTrail(): DashboardBuilder {
  return new DashboardBuilder("Audit trail")
    .uid("quotel-audit-trail")
    .description("Per tenant: what happened, who did it, and what failed and was not dealt with.")
    .tags(["quotel", "audit"])
    .timezone("browser")
    .time({ from: "now-7d", to: "now" })
    .refresh("1m")
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .withVariable(tenantVariable())
    .withPanel(eventsByType())
    .withPanel(failures())
    .withPanel(latestEvents());
}
