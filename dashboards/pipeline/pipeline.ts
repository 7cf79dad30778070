import { DashboardBuilder, DashboardCursorSync, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { intake, lag, uncertain } from "./intake-panels.ts";
import { producerReports, producers } from "./producer-panels.ts";
import { atAGlance } from "./standing-panel.ts";
import { foreignClaims, quarantine, refusals, violations } from "./trouble-panels.ts";

/** Whether the numbers of the other dashboards are all there, and right. */
export function pipeline(): DashboardBuilder {
  return new DashboardBuilder("Pipeline")
    .uid("quotel-pipeline")
    .description(
      "Whether usage arrives in full and in time, what is missing or was refused, and whether the sums hold.",
    )
    .tags(["quotel", "operation"])
    .timezone("browser")
    .time({ from: "now-6h", to: "now" })
    .refresh("30s")
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
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
