import { DashboardBuilder, DashboardCursorSync, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { closeToLimit, tokensAgainstLimit, topTenants } from "./limit-panels.ts";
import { cost, tokensByModel, trust } from "./model-panels.ts";
import { tenantVariable } from "./tenant-variable.ts";
import { activity, denied, latency } from "./traffic-panels.ts";

/** Who uses how much of what they may, what it costs, and how far the numbers can be trusted. */
export function usageAgainstLimits(): DashboardBuilder {
  return new DashboardBuilder("Usage against limits")
    .uid("quotel-usage-against-limits")
    .description("Per tenant: usage of the current period against the plan, traffic, models, cost and trust.")
    .tags(["quotel", "usage"])
    .timezone("browser")
    .time({ from: "now-7d", to: "now" })
    .refresh("1m")
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .withVariable(tenantVariable())
    .withRow(new RowBuilder("Limits"))
    .withPanel(tokensAgainstLimit())
    .withPanel(topTenants())
    .withPanel(closeToLimit())
    .withPanel(trust())
    .withRow(new RowBuilder("Traffic"))
    .withPanel(activity())
    .withPanel(denied())
    .withPanel(latency())
    .withRow(new RowBuilder("Models and cost"))
    .withPanel(tokensByModel())
    .withPanel(cost());
}
