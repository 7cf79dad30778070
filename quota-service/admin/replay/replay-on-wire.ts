import type { PlanInForce } from "#database/plans/read-plans-in-force";
import { amountOnWire } from "../../usage/limits.ts";
import type { LimitDenials } from "./denials.ts";
import type { PlanReplay, ReplayRequest } from "./replay-plan.ts";
import { isRatePeriod } from "#database/limits/rate-window";
import type { TenantOutcome } from "./tenant-replay.ts";

/** Tenants listed at most, the most denied first; all are counted. */
const TENANTS_LISTED_MAX = 1_000;

/** A replay as the API answers it. */
export function replayOnWire(plan: PlanInForce, request: ReplayRequest, replay: PlanReplay): object {
  const { fromMs, toMs } = request;
  const eventsFromMs = Math.min(Math.max(replay.completeFromMs, fromMs), toMs);
  return {
    planId: plan.planId,
    version: plan.version,
    from: textOf(fromMs),
    to: textOf(toMs),
    resolution: eventsFromMs === fromMs ? "event" : eventsFromMs === toMs ? "hour" : "mixed",
    eventsFrom: textOf(eventsFromMs),
    notReplayed: notReplayed(plan, fromMs, eventsFromMs),
    tenantsReplayed: replay.tenantsReplayed,
    tenantsDenied: replay.denied.size,
    tenants: [...replay.denied]
      .toSorted(([aId, a], [bId, b]) => deniedOf(b) - deniedOf(a) || (aId < bId ? -1 : 1))
      .slice(0, TENANTS_LISTED_MAX)
      .map(([tenantId, outcome]) => tenantOnWire(tenantId, outcome)),
  };
}

/** Hard limits that recorded usage says nothing about: levels, and rates while only hours are known. */
function notReplayed({ limits }: PlanInForce, fromMs: number, eventsFromMs: number): object[] {
  const binding = limits.filter(({ amount, enforcement }) => enforcement === "hard" && amount !== null);
  const levels = binding.filter(({ period }) => period === "level");
  const rates = eventsFromMs === fromMs ? [] : binding.filter(({ period }) => isRatePeriod(period));
  return [
    ...levels.map(({ resource, period }) => ({ resource, period, until: null })),
    ...rates.map(({ resource, period }) => ({ resource, period, until: textOf(eventsFromMs) })),
  ];
}

function tenantOnWire(tenantId: string, { firstDeniedAtMs, limits, ...counted }: TenantOutcome): object {
  return {
    tenantId,
    ...counted,
    firstDeniedAt: textOf(firstDeniedAtMs),
    limits: limits.toSorted(byName).map(limitOnWire),
  };
}

function limitOnWire({ limit, firstDeniedAtMs, deniedAmount, highestUsed, ...counted }: LimitDenials): object {
  const { resource, period, amount } = limit;
  return {
    resource,
    period,
    limit: amount,
    ...counted,
    firstDeniedAt: textOf(firstDeniedAtMs),
    deniedAmount: amountOnWire(resource, deniedAmount),
    highestUsed: highestUsed === null ? null : amountOnWire(resource, highestUsed),
  };
}

function byName({ limit: a }: LimitDenials, { limit: b }: LimitDenials): number {
  return `${a.resource} ${a.period}` < `${b.resource} ${b.period}` ? -1 : 1;
}

function deniedOf({ deniedRequests, deniedHours }: TenantOutcome): number {
  return deniedRequests + deniedHours;
}

function textOf(ms: number): string {
  return new Date(ms).toISOString();
}
