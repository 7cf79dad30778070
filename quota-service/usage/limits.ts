import type { UsageStats } from "@quotel/conventions";
import { accountingPeriods } from "#database/periods/period";
import type { LimitStatus } from "./read-quota-status.ts";
import type { TenantRecord } from "./read-tenant.ts";

export type LimitsOnWire = UsageStats["limits"];

/** An amount as JSON carries it: `cost` is always a string (I5). */
export function amountOnWire(resource: string, amount: number): number | string {
  return resource === "cost" ? String(amount) : amount;
}

/** Limits as the read endpoints show them, and as a decision at the same instant does. */
export function limitsOnWire(statuses: readonly LimitStatus[], tenant: TenantRecord): LimitsOnWire {
  return statuses.map((status) => ({
    resourceType: status.resource,
    period: status.period,
    limit: status.limit,
    used: amountOnWire(status.resource, status.used),
    reserved: amountOnWire(status.resource, status.reserved),
    percentage: status.percentUsed,
    resetsAt: resetOf(status, tenant),
    state: status.state,
    enforcement: status.enforcement,
    source: status.source,
  }));
}

/** Whether a limit was reached by usage; a limit of 0 that nobody touched was not. */
export function isExceeded({ state, used }: LimitStatus): boolean {
  return state === "exceeded" && used > 0;
}

/** What a person should know: limits near or past their end. */
export function warningsOf(statuses: readonly LimitStatus[]): string[] {
  return statuses.flatMap((status) => {
    const { resource, period, limit, used, state } = status;
    if (limit === null) return [];
    const name = `${resource} per ${period}`;
    if (isExceeded(status)) return [`The limit of ${limit} ${name} is reached: ${used} used`];
    if (state === "grace") return [`The limit of ${limit} ${name} is passed and in its grace: ${used} used`];
    return state === "warning" ? [`${used} of ${limit} ${name} used (${status.percentUsed} %)`] : [];
  });
}

/** Of the tightest limit on a resource; null where it has none. */
export function tightestPercentage(statuses: readonly LimitStatus[], resource: string): number | null {
  const percentages = statuses.flatMap((status) =>
    status.resource === resource && status.percentUsed !== null ? [status.percentUsed] : [],
  );
  return percentages.length === 0 ? null : Math.max(...percentages);
}

/** A period in which nothing was used has no row yet, but an end all the same. */
function resetOf({ period, resetsAt }: LimitStatus, { readAtMs, calendar }: TenantRecord): string | null {
  if (resetsAt !== null) return resetsAt.toISOString();
  if (period !== "day" && period !== "month") return null;
  return new Date(accountingPeriods(readAtMs, calendar)[period].endMs).toISOString();
}
