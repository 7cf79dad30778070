import { RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import type { DashboardBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboard } from "../dashboard.ts";
import { closeToLimit, tokensAgainstLimit, topTenants } from "./limit-panels.ts";
import { cost, tokensByModel, trust } from "./model-panels.ts";
import { tenantVariable } from "../tenant-variable.ts";
import { activity, denied, latency } from "./traffic-panels.ts";

/** Who uses how much of what they may, what it costs, and how far the numbers can be trusted. */
export function usageAgainstLimits(): DashboardBuilder {
  return dashboard("Usage against limits", "quotel-usage-against-limits", "usage")
    .description("Per tenant: usage of the current period against the plan, traffic, models, cost and trust.")
    .time({ from: "now-7d", to: "now" })
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
