import { DashboardBuilder, DashboardCursorSync } from "@grafana/grafana-foundation-sdk/dashboard";

/**
 * An empty dashboard as all of ours are: in the reader's time zone, fresh each minute, and changed here only.
 *
 * @param uid stable, so that links to it stay
 * @param tag beside `quotel`
 */
export function dashboard(title: string, uid: string, tag: string): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .tags(["quotel", tag])
    .timezone("browser")
    .refresh("1m")
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly();
}
