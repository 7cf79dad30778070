import { RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import type { DashboardBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboard } from "../dashboard.ts";
import { intake, lag, uncertain } from "./intake-panels.ts";
import { producerReports, producers } from "./producer-panels.ts";
import { atAGlance } from "./standing-panel.ts";
import { foreignClaims, quarantine, refusals, violations } from "./trouble-panels.ts";

/** Whether the numbers of the other dashboards are all there, and right. */
export function pipeline(): DashboardBuilder {
  return dashboard("Pipeline", "quotel-pipeline", "operation")
    .description(
      "Whether usage arrives in full and in time, what is missing or was refused, and whether the sums hold.",
    )
    .time({ from: "now-6h", to: "now" })
    .refresh("30s")
    .withPanel(atAGlance())
    .withRow(new RowBuilder("Producers"))
    .withPanel(producers())
    .withPanel(producerReports())
    .withRow(new RowBuilder("Intake"))
    .withPanel(intake())
    .withPanel(lag())
    .withPanel(uncertain())
    .withRow(new RowBuilder("What did not count, and what does not add up"))
    .withPanel(violations())
    .withPanel(quarantine())
    .withPanel(refusals())
    .withPanel(foreignClaims());
}
