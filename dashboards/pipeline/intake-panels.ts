import type { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { lines, stackedBars, thresholds } from "../panel-style.ts";
import { timeSeries } from "../query.ts";

/** How much comes in. */
export function intake(): PanelBuilder {
  return stackedBars()
    .title("Events recorded")
    .description("Each event once, by minute of receipt. Unattributed = it named no tenant that exists.")
    .span(8)
    .height(8)
    .interval("1m")
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(minute, $__interval), sum(events - unattributed)::bigint as "Attributed",
          sum(unattributed)::bigint as "Unattributed"
        from pipeline_intake
        where $__timeFilter(minute)
        group by 1
        order by 1`),
    );
}

/** How late it comes. */
export function lag(): PanelBuilder {
  return lines()
    .title("Lag")
    .description(
      "From the end of what was metered to its receipt, mean over the events. Late usage counts in full; an hour after an " +
        "outage it is high because what waited is delivered.",
    )
    .span(8)
    .height(8)
    .interval("1m")
    .unit("s")
    .thresholds(thresholds(10, 60))
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(minute, $__interval), sum(mean_lag_seconds * events) / sum(events) as "Mean lag"
        from pipeline_intake
        where $__timeFilter(minute)
        group by 1
        order by 1`),
    );
}

/** How far what comes can be relied upon. */
export function uncertain(): PanelBuilder {
  return lines()
    .title("Unpriced and estimated model calls")
    .description(
      "Shares of the model calls received. Unpriced = no price is known, so they are missing in the cost until they are " +
        "priced again; estimated = their tokens are not the provider's own and final count.",
    )
    .span(8)
    .height(8)
    .interval("1m")
    .unit("percentunit")
    .thresholds(thresholds(0.01, 0.1))
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(minute, $__interval),
          sum(unpriced)::float8 / sum(model_events) as "Unpriced", sum(estimated)::float8 / sum(model_events) as "Estimated"
        from pipeline_intake
        where $__timeFilter(minute) and model_events > 0
        group by 1
        order by 1`),
    );
}
