import { isRatePeriod } from "#database/limits/rate-window";
import type { RatePeriod } from "#database/limits/rate-window";
import { LIFETIME, accountingPeriods } from "#database/periods/period";
import type { CalendarVersion, Period } from "#database/periods/period";
import type { Tenant } from "#database/tenants/read-tenants";
import { limitsOn } from "../limit.ts";
import type { Limit, QuotaPeriod } from "../limit.ts";

export interface AskedResource {
  readonly tenant: Tenant;
  readonly resource: string;
}

/** One row or sum that a decision looks at. */
export type Need = { readonly tenantId: string; readonly resource: string } & Period &
  (
    | { readonly kind: "total"; readonly period: QuotaPeriod }
    | { readonly kind: "level"; readonly period: "level" }
    | { readonly kind: "crossing"; readonly period: QuotaPeriod | "level" }
    | { readonly kind: "unpriced"; readonly period: QuotaPeriod }
    | { readonly kind: "window"; readonly period: RatePeriod }
  );

/**
 * What has to be read to decide about the asked resources at an instant, each once, by name. Two instants that need the
 * same have the same names, so one reading serves both.
 */
export function needsAt(
  asked: readonly AskedResource[],
  limitsOf: ReadonlyMap<string, readonly Limit[]>,
  atMs: number,
): ReadonlyMap<string, Need> {
  const needs = new Map<string, Need>();
  for (const { tenant, resource } of asked) {
    const limits = limitsOn(limitsOf.get(tenant.tenantId) ?? [], resource);
    const found =
      limits.length === 0 ? [unlimited(tenant, resource)] : limits.flatMap((it) => needsOf(tenant, it, atMs));
    for (const need of found) needs.set(needName(need), need);
  }
  return needs;
}

/** A map key. */
export function needName({
  kind,
  tenantId,
  resource,
  period,
  startMs,
}: Pick<Need, "kind" | "tenantId" | "resource" | "period" | "startMs">): string {
  return `${kind} ${tenantId} ${resource} ${period} ${startMs}`;
}

/** Where nothing is limited, what was ever used is shown. */
function unlimited({ tenantId }: Tenant, resource: string): Need {
  return { kind: "total", tenantId, resource, period: "lifetime", ...LIFETIME };
}

function needsOf({ tenantId, calendar }: Tenant, limit: Limit, atMs: number): Need[] {
  const { resource, period, graceSeconds } = limit;
  if (isRatePeriod(period)) return [{ kind: "window", tenantId, resource, period, ...LIFETIME }];
  const of = { tenantId, resource, ...periodAt(calendar, period, atMs) };
  const needs: Need[] = period === "level" ? [{ kind: "level", period, ...of }] : [{ kind: "total", period, ...of }];
  if (graceSeconds > 0) needs.push({ kind: "crossing", period, ...of });
  if (period !== "level" && deniesUnpriced(limit)) needs.push({ kind: "unpriced", period, ...of });
  return needs;
}

/** Whether usage without a price closes the limit: only what costs can lack one, and a level is not what was used. */
export function deniesUnpriced({ resource, period, onUnpriced }: Limit): boolean {
  return resource === "cost" && period !== "level" && onUnpriced === "deny";
}

/** Whether the same periods hold at two instants. */
export function samePeriods(calendar: readonly CalendarVersion[], aMs: number, bMs: number): boolean {
  const [a, b] = [accountingPeriods(aMs, calendar), accountingPeriods(bMs, calendar)];
  return a.day.startMs === b.day.startMs && a.month.startMs === b.month.startMs;
}

/** A level is what it is now: it has no period. */
export function periodAt(calendar: readonly CalendarVersion[], period: QuotaPeriod | "level", atMs: number): Period {
  return period === "lifetime" || period === "level" ? LIFETIME : accountingPeriods(atMs, calendar)[period];
}
