import type { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { lines, stackedBars, thresholds } from "../panel-style.ts";
import { timeSeries } from "../query.ts";
import { BUCKETS_EXPLAINED, BUCKETS_IN_RANGE, DAYS_IN_RANGE } from "./buckets.ts";

/** What the tenants did. */
export function activity(): PanelBuilder {
  return stackedBars()
    .title("API calls, chat messages and embeddings")
    .description(
      "API calls are all server requests; chat messages and embeddings count successful operations only. " +
        BUCKETS_EXPLAINED,
    )
    .span(8)
    .height(8)
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(bucket_start, $__interval),
          sum(api_calls_total)::bigint as "API calls",
          sum(chat_messages)::bigint as "Chat messages",
          sum(embeddings)::bigint as "Embeddings"
        from tenant_usage_metrics
        where ${BUCKETS_IN_RANGE}
        group by 1
        order by 1`),
    );
}

/** What the tenants did not get. */
export function denied(): PanelBuilder {
  return stackedBars()
    .title("Denied and failed calls")
    .description("Rate-limited = refused by the quota middleware before any work; failed = answered with an error.")
    .span(8)
    .height(8)
    .thresholds(thresholds(1))
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(bucket_start, $__interval),
          sum(api_calls_rate_limited)::bigint as "Rate-limited",
          sum(api_calls_failed)::bigint as "Failed"
        from tenant_usage_metrics
        where ${BUCKETS_IN_RANGE}
        group by 1
        order by 1`),
    );
}

/**
 * How long callers wait. By tenant and bucket as stored: percentiles of several buckets cannot be added or averaged. The
 * ten tenants come as an array and not as a join, so that Postgres merges the histograms of those ten only.
 */
export function latency(): PanelBuilder {
  return lines()
    .title("API latency, 95th percentile")
    .description(
      `Of the ten tenants with the most API calls in the time range; relative error below 5 %. ${BUCKETS_EXPLAINED}`,
    )
    .span(8)
    .height(8)
    .unit("ms")
    .thresholds(thresholds(1_000, 5_000))
    .withTarget(
      timeSeries(`
        select bucket_start as "time", tenant_id as metric, latency_ms_p95 as "p95"
        from tenant_usage_metrics
        where ${BUCKETS_IN_RANGE} and latency_ms_p95 is not null
          and tenant_id = any (array(
            select tenant_id
            from usage_daily
            where resource = 'api_calls' and ${DAYS_IN_RANGE}
            group by tenant_id
            order by sum(amount) desc, tenant_id
            limit 10))
        order by 1, 2`),
    );
}
