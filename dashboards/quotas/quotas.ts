import { DashboardBuilder, DashboardCursorSync, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { tenantVariable } from "../usage/tenant-variable.ts";
import { denials, mostDenied, whatWasDenied } from "./denial-panels.ts";
import { levelVariable, levelsAgainstLimits, levelsOverTime } from "./level-panels.ts";
import { held, openReservations } from "./reservation-panels.ts";

/** What tenants were refused, what is held for work under way, and what they keep. */
export function quotas(): DashboardBuilder {
  return new DashboardBuilder("Quotas and levels")
    .uid("quotel-quotas")
    .description("Per tenant: denials and their reasons, open reservations, and levels such as storage or members.")
    .tags(["quotel", "quotas"])
    .timezone("browser")
    .time({ from: "now-24h", to: "now" })
    .refresh("1m")
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .withVariable(tenantVariable())
    .withVariable(levelVariable())
    .withRow(new RowBuilder("Denials"))
    .withPanel(denials())
    .withPanel(mostDenied())
    .withPanel(whatWasDenied())
    .withRow(new RowBuilder("Reservations"))
    .withPanel(openReservations())
    .withPanel(held())
    .withRow(new RowBuilder("Levels"))
    .withPanel(levelsAgainstLimits())
    .withPanel(levelsOverTime());
}
