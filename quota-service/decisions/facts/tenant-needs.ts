import { isRatePeriod } from "#database/limits/rate-window";
import type { RatePeriod } from "#database/limits/rate-window";
import { LIFETIME, accountingPeriods } from "#database/periods/period";
import type { Period } from "#database/periods/period";
import type { Tenant } from "#database/tenants/read-tenants";
import { limitsOn } from "../limit.ts";
import type { Limit, QuotaPeriod } from "../limit.ts";

/** Everything that has to be read to decide about resources of one tenant at an instant. */
export interface TenantNeeds {
  readonly tenantId: string;
  /** The tenant's limits, as they are believed to be. */
  readonly limits: readonly Limit[];
  readonly periods: TenantPeriods;
  /** Resources whose totals are looked at, by period. */
  readonly totals: Readonly<Record<QuotaPeriod, ReadonlySet<string>>>;
  readonly levels: ReadonlySet<string>;
  readonly windows: readonly { readonly resource: string; readonly period: RatePeriod }[];
  /** Limits with grace time: when was their amount passed? */
  readonly crossings: readonly { readonly resource: string; readonly period: QuotaPeriod | "level" }[];
  /** Periods in which usage without a price closes a limit. */
  readonly unpriced: ReadonlySet<QuotaPeriod>;
}

/** The periods that hold an instant. A level is what it is now: it has none. */
export type TenantPeriods = Readonly<Record<QuotaPeriod | "level", Period>>;

export const QUOTA_PERIODS: readonly QuotaPeriod[] = ["day", "month", "lifetime"];

/** What to read for what is asked, if the tenant has these limits. Where nothing is limited, what was ever used is shown. */
export function tenantNeeds(
  tenant: Tenant,
  resources: ReadonlySet<string>,
  limits: readonly Limit[],
  atMs: number,
): TenantNeeds {
  const totals = { day: new Set<string>(), month: new Set<string>(), lifetime: new Set<string>() };
  const levels = new Set<string>();
  const windows: TenantNeeds["windows"][number][] = [];
  const crossings: TenantNeeds["crossings"][number][] = [];
  const unpriced = new Set<QuotaPeriod>();
  for (const resource of resources) {
    const ofResource = limitsOn(limits, resource);
    if (ofResource.length === 0) totals.lifetime.add(resource);
    for (const limit of ofResource) {
      const { period } = limit;
      if (isRatePeriod(period)) {
        windows.push({ resource, period });
        continue;
      }
      if (period === "level") levels.add(resource);
      else totals[period].add(resource);
      if (limit.graceSeconds > 0) crossings.push({ resource, period });
      if (period !== "level" && deniesUnpriced(limit)) unpriced.add(period);
    }
  }
  const periods = tenantPeriods(tenant, atMs);
  return { tenantId: tenant.tenantId, limits, periods, totals, levels, windows, crossings, unpriced };
}

/** Whether the same is needed of a tenant, and for the same resources, when these limits hold at an instant. */
export function needsHold(needs: TenantNeeds, tenant: Tenant, limits: readonly Limit[], atMs: number): boolean {
  return needs.limits === limits && samePeriods(needs.periods, tenantPeriods(tenant, atMs));
}

/** Whether what was read for `read` answers all that `wanted` asks of the same tenant. */
export function covers(read: TenantNeeds, wanted: TenantNeeds): boolean {
  // Of these there are few.
  const hasLimits = (key: "windows" | "crossings"): boolean =>
    wanted[key].every((it) => read[key].some((one) => one.resource === it.resource && one.period === it.period));
  return (
    samePeriods(read.periods, wanted.periods) &&
    QUOTA_PERIODS.every((period) => wanted.totals[period].isSubsetOf(read.totals[period])) &&
    wanted.levels.isSubsetOf(read.levels) &&
    hasLimits("windows") &&
    hasLimits("crossings") &&
    wanted.unpriced.isSubsetOf(read.unpriced)
  );
}

/** The periods of a tenant at an instant. */
export function tenantPeriods({ calendar }: Tenant, atMs: number): TenantPeriods {
  const { day, month } = accountingPeriods(atMs, calendar);
  return { day, month, lifetime: LIFETIME, level: LIFETIME };
}

/** Whether usage without a price closes the limit: only what costs can lack one, and a level is not what was used. */
export function deniesUnpriced({ resource, period, onUnpriced }: Limit): boolean {
  return resource === "cost" && period !== "level" && onUnpriced === "deny";
}

function samePeriods(a: TenantPeriods, b: TenantPeriods): boolean {
  return samePeriod(a.day, b.day) && samePeriod(a.month, b.month);
}

/** Where a calendar changes, the running period is cut short: it begins as before and ends sooner. */
function samePeriod(a: Period, b: Period): boolean {
  return a.startMs === b.startMs && a.endMs === b.endMs;
}
