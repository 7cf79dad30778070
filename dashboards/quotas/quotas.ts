import { RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import type { DashboardBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboard } from "../dashboard.ts";
import { tenantVariable } from "../tenant-variable.ts";
import { denials, mostDenied, whatWasDenied } from "./denial-panels.ts";
import { levelVariable, levelsAgainstLimits, levelsOverTime } from "./level-panels.ts";
import { held, openReservations } from "./reservation-panels.ts";

/** What tenants were refused, what is held for work under way, and what they keep. */
export function quotas(): DashboardBuilder {
  return dashboard("Quotas and levels", "quotel-quotas", "quotas")
    .description("Per tenant: denials and their reasons, open reservations, and levels such as storage or members.")
    .time({ from: "now-24h", to: "now" })
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
