import type { ClientBase } from "pg";
import { instantArray } from "../array-text.ts";
import { instantOfMs } from "../periods/instant.ts";
import { query } from "../pool.ts";
import { recordedUsage } from "./recorded-usage.ts";
import type { WorkRange } from "./read-work.ts";

/** The periods of a tenant that an instant is in. */
export interface PeriodStarts {
  readonly tenantId: string;
  readonly dayStartMs: number;
  readonly monthStartMs: number;
}

/** What had been used of a resource when an instant came, in each period that holds it. */
export interface UsageBefore {
  readonly tenantId: string;
  readonly resource: string;
  readonly day: number;
  readonly month: number;
  readonly lifetime: number;
}

/**
 * What some tenants had used before `fromMs` in the periods that hold it. An hour whose events are gone counts in the
 * periods in which it began. Resources without any are left out.
 *
 * @param lifetime false: lifetimes are not asked for, and older usage is not looked at
 */
export async function readUsageBefore(
  client: ClientBase,
  starts: readonly PeriodStarts[],
  { resources, fromMs, completeFromMs }: WorkRange,
  lifetime: boolean,
): Promise<UsageBefore[]> {
  const firstMs = lifetime
    ? -Infinity
    : starts.reduce((first, { monthStartMs }) => Math.min(first, monthStartMs), fromMs);
  const { rows } = await query<UsageBefore>(client, {
    name: "read-usage-before",
    text: `
      select s.tenant_id as "tenantId", u.resource,
        least(coalesce(sum(u.amount) filter (where u.at >= s.day_start), 0), ${Number.MAX_SAFE_INTEGER})::bigint as day,
        least(coalesce(sum(u.amount) filter (where u.at >= s.month_start), 0), ${Number.MAX_SAFE_INTEGER})::bigint as month,
        least(sum(u.amount), ${Number.MAX_SAFE_INTEGER})::bigint as lifetime
      from unnest($1::text[], $6::timestamptz[], $7::timestamptz[]) s (tenant_id, day_start, month_start)
      join (${recordedUsage("$4::timestamptz", "$5::timestamptz")}) u using (tenant_id)
      group by 1, 2`,
    values: [
      starts.map(({ tenantId }) => tenantId),
      resources,
      instantOfMs(completeFromMs),
      instantOfMs(firstMs),
      instantOfMs(fromMs),
      instantArray(starts.map(({ dayStartMs }) => dayStartMs)),
      instantArray(starts.map(({ monthStartMs }) => monthStartMs)),
    ],
  });
  return rows;
}
