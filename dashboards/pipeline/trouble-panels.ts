import type { PanelBuilder as BarGaugeBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import type { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { plainTable, rankedBars, thresholds } from "../panel-style.ts";
import { table } from "../query.ts";

/** What the verifier found. */
export function violations(): TableBuilder {
  return plainTable()
    .title("Invariant violations")
    .description(
      "What does not add up as of the last pass of the verifier: should be empty. `npm run rebuild` makes rollups and totals " +
        "of a range anew from the ledger.",
    )
    .noValue("Everything adds up")
    .span(12)
    .height(8)
    .withTarget(
      table(`
        select kind as "Kind", tenant_id as "Tenant", key as "Where", expected as "Expected", found as "Found",
          first_seen_at as "Since"
        from invariant_violations
        order by first_seen_at, kind, tenant_id, key
        limit 100`),
    );
}

/** What waits for somebody to look at it. */
export function quarantine(): BarGaugeBuilder {
  return rankedBars()
    .title("In quarantine, by reason")
    .description(
      "Items that were refused or set aside, are kept and do not count. `npm run quarantine` lists them, tries them again or gives them up.",
    )
    .noValue("Nothing is in quarantine")
    .span(12)
    .height(8)
    .thresholds(thresholds(1))
    .withTarget(
      table(`
        select label as "Reason", value as "Items"
        from pipeline_health
        where name = 'quarantined'
        order by value desc, label`),
    );
}

/** What collectors did not count, and why. */
export function refusals(): TableBuilder {
  return plainTable()
    .title("Not counted, by reason")
    .description(
      "Deliveries since the running collectors started. Ignored = no usage, or another's to count: that is normal; " +
        "rejected = it would count, but cannot be used; quarantined = it could be used and was set aside.",
    )
    .noValue("Everything that came has counted")
    .span(12)
    .height(8)
    .withTarget(
      table(`
        select replace(name, '_', ' ') as "What", replace(label, '_', ' ') as "Reason", value as "Count"
        from pipeline_health
        where name in ('spans_rejected', 'points_rejected', 'logs_rejected', 'events_quarantined', 'spans_ignored',
          'points_ignored', 'logs_ignored')
        order by split_part(name, '_', 2) = 'ignored', value desc, name, label
        limit 100`),
    );
}

/** Who spoke for a tenant that was not theirs. */
export function foreignClaims(): TableBuilder {
  return plainTable()
    .title("Claims of foreign tenants")
    .description(
      "Items refused because their key may not speak for the tenant that they named. A wrong key, or an attack.",
    )
    .noValue("No key has claimed a foreign tenant")
    .span(12)
    .height(8)
    .withTarget(
      table(`
        select producer as "Key", claimed_tenant as "Claimed tenant", signal as "Signal", sum(claims)::bigint as "Claims",
          max(last_seen) as "Last"
        from security_events
        where $__timeFilter(last_seen)
        group by 1, 2, 3
        order by "Claims" desc, 1, 2, 3
        limit 100`),
    );
}
