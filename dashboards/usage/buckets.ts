import { OF_PICKED_TENANTS } from "../tenant-variable.ts";

/**
 * The condition that picks the rows of tenant_usage_metrics for the time range: by the hour up to two days, beyond that
 * by the day (in the tenant's zone). A month by the hour is 24 times the rows and no more to see. Postgres works the
 * `case` out while it plans, so that it reads one granularity only.
 */
export const BUCKETS_IN_RANGE = `granularity = case
    when $__timeTo()::timestamptz - $__timeFrom()::timestamptz <= interval '2 days' then 'hourly' else 'daily' end
  and $__timeFilter(bucket_start) and ${OF_PICKED_TENANTS}`;

/** The same for the views that have one row per day. */
export const DAYS_IN_RANGE = `$__timeFilter(day_start) and ${OF_PICKED_TENANTS}`;

/** For descriptions. */
export const BUCKETS_EXPLAINED = "By the hour up to two days, beyond that by the day in the tenant's own zone.";
