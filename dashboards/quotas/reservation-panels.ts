import { ReduceDataOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import type { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { plainTable, thresholds } from "../panel-style.ts";
import { POSTGRES, table } from "../query.ts";
import { OF_PICKED_TENANTS } from "../tenant-variable.ts";

/** What is under way. Only what still holds something has an expiry, and an index by it. */
const HOLDING = `expires_at is not null and ${OF_PICKED_TENANTS}`;

/** How much work is under way, and whether it ends. */
export function openReservations(): StatBuilder {
  return new StatBuilder()
    .title("Reservations that hold something")
    .description(
      "Open = the work has not ended. Closed = it has, and its usage is on its way. Kept = nobody closed it in time, and what " +
        "it holds stays held to the end of its period. The oldest one should be no older than the work takes.",
    )
    .datasource(POSTGRES)
    .span(8)
    .height(8)
    .unit("short")
    .thresholds(thresholds())
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .overrideByName("Kept", [{ id: "thresholds", value: thresholds(1).build() }])
    .overrideByName("Oldest open", [
      { id: "unit", value: "s" },
      { id: "thresholds", value: thresholds(3_600, 86_400).build() },
    ])
    .withTarget(
      table(`
        select count(distinct reservation_id) filter (where state = 'open') as "Open",
          count(distinct reservation_id) filter (where state = 'closed') as "Closed",
          count(distinct reservation_id) filter (where state = 'kept') as "Kept",
          coalesce(extract(epoch from now() - min(admitted_at) filter (where state = 'open')), 0)::float8 as "Oldest open"
        from reservations
        where ${HOLDING}`),
    );
}

/** What it keeps from others. */
export function held(): TableBuilder {
  return plainTable()
    .title("Held by tenant and resource")
    .description(
      "What open, closed and kept reservations hold beside what is used. Held is what remains of the estimate, or of what the " +
        "work said it used, until its spans have arrived.",
    )
    .noValue("Nothing is held")
    .span(16)
    .height(8)
    .withTarget(
      table(`
        select tenant_id as "Tenant", resource as "Resource", sum(held)::float8 as "Held", count(*) as "Reservations",
          min(admitted_at) as "Oldest", max(expires_at) as "Free again at the latest"
        from reservations
        where ${HOLDING} and held > 0
        group by 1, 2
        order by 4 desc, 1, 2
        limit 100`),
    );
}
