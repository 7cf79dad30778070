import type { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { lines, stackedBars, thresholds } from "../panel-style.ts";
import { timeSeries } from "../query.ts";
import { OF_PICKED_TENANTS } from "./tenant-variable.ts";

const HOURLY = `granularity = 'hourly' and $__timeFilter(bucket_start) and ${OF_PICKED_TENANTS}`;

/** What the tenants did. */
export function activity(): PanelBuilder {
  return stackedBars()
    .title("API calls, chat messages and embeddings")
    .description("API calls are all server requests; chat messages and embeddings count successful operations only.")
    .span(8)
    .height(8)
    .unit("short")
    .thresholds(thresholds())
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(bucket_start, $__interval),
          sum(api_calls_total)::bigint as "API calls",
          sum(chat_messages)::bigint as "Chat messages",
          sum(embeddings)::bigint as "Embeddings"
        from tenant_usage_metrics
        where ${HOURLY}
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
    .unit("short")
    .thresholds(thresholds(1))
    .withTarget(
      timeSeries(`
        select $__timeGroupAlias(bucket_start, $__interval),
          sum(api_calls_rate_limited)::bigint as "Rate-limited",
          sum(api_calls_failed)::bigint as "Failed"
        from tenant_usage_metrics
        where ${HOURLY}
        group by 1
        order by 1`),
    );
}

/** How long callers wait. By tenant and hour as stored: percentiles of several buckets cannot be added or averaged. */
export function latency(): PanelBuilder {
  return lines()
    .title("API latency, 95th percentile")
    .description("By hour, of the ten tenants with the most API calls in the time range; relative error below 5 %.")
    .span(8)
    .height(8)
    .unit("ms")
    .thresholds(thresholds(1_000, 5_000))
    .withTarget(
      timeSeries(`
        select bucket_start as "time", tenant_id as metric, latency_ms_p95 as "p95"
        from tenant_usage_metrics
        where ${HOURLY} and latency_ms_p95 is not null
          and tenant_id in (
            select tenant_id
            from tenant_usage_metrics
            where ${HOURLY}
            group by tenant_id
            order by sum(api_calls_total) desc, tenant_id
            limit 10)
        order by 1, 2`),
    );
}
