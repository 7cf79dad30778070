import { ReduceDataOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import type { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { stackedBars, thresholds } from "../panel-style.ts";
import { POSTGRES, table, timeSeries } from "../query.ts";
import { BUCKETS_IN_RANGE, DAYS_IN_RANGE } from "./buckets.ts";

/** Which models the tokens went to. */
export function tokensByModel(): PanelBuilder {
  return stackedBars()
    .title("Tokens by model")
    .description("Input and output tokens per day and model. A day begins at midnight in the tenant's own zone.")
    .span(12)
    .height(8)
    .interval("1d")
    .withTarget(
      timeSeries(`
        select day_start as "time", model as metric, sum(input_tokens + output_tokens)::bigint as "Tokens"
        from usage_by_model
        where ${DAYS_IN_RANGE}
        group by 1, 2
        order by 1, 2`),
    );
}

/** What it cost, where the price is known. */
export function cost(): PanelBuilder {
  return stackedBars()
    .title("Cost of model calls")
    .description("In US dollars, summed exactly as nano-USD. Calls without a known price are not in it: see Trust.")
    .span(12)
    .height(8)
    .unit("currencyUSD")
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(bucket_start, $__interval), sum(cost_nano_usd) / 1e9 as "Cost"
        from tenant_usage_metrics
        where ${BUCKETS_IN_RANGE}
        group by 1
        order by 1`),
    );
}

/** How far the numbers can be relied upon: what is not the provider's own count, and what has no price. */
export function trust(): StatBuilder {
  return new StatBuilder()
    .title("Trust: estimated, partial and unpriced usage")
    .description(
      "Shares in the time range. Estimated = counted by us because the provider reported nothing; partial = a stream " +
        "cut before its last chunk; unpriced = calls of a model without a known price, missing in the cost.",
    )
    .datasource(POSTGRES)
    .span(10)
    .height(8)
    .unit("percentunit")
    .decimals(1)
    .min(0)
    .noValue("no model calls")
    .thresholds(thresholds(0.01, 0.1))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .overrideByName("Calls without usage", [
      { id: "unit", value: "short" },
      { id: "decimals", value: 0 },
      { id: "thresholds", value: thresholds(1).build() },
    ])
    .withTarget(
      table(`
        select sum(estimated_tokens)::float8 / nullif(sum(total_tokens), 0) as "Estimated tokens",
          sum(partial_tokens)::float8 / nullif(sum(total_tokens), 0) as "Partial tokens",
          coalesce(sum(events_without_usage), 0)::bigint as "Calls without usage"
        from tenant_usage_metrics
        where ${BUCKETS_IN_RANGE}`),
    )
    .withTarget(
      table(`
        select sum(unpriced_events)::float8 / nullif(sum(calls), 0) as "Unpriced calls"
        from usage_by_model
        where ${DAYS_IN_RANGE}`).refId("B"),
    );
}
