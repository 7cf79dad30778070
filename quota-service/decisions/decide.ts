import type { DecisionItem, DenialReason } from "@quotel/conventions";
import type { Standing } from "#database/totals/read-standings";
import type { LicenceStatus } from "#database/tenants/read-tenants";
import { ceilingOf } from "./ceiling.ts";
import type { Limit } from "./limit.ts";

/** What is asked of one resource. */
export interface Demand {
  readonly resource: string;
  readonly amount: number;
  /** Smallest acceptable grant; `amount` where it is all or nothing. */
  readonly atLeast: number;
  /** Part of the amount that spans have settled already, before the reserve arrived. */
  readonly alreadyUsed: number;
}

/** Everything a decision depends on: the same facts always give the same verdict. */
export interface Facts {
  readonly nowMs: number;
  readonly licenceStatus: LicenceStatus;
  readonly limits: readonly Limit[];
  readonly limitSource: "plan" | "default";
  readonly demands: readonly Demand[];
  /** Usage and holds of a resource in a period; `resetsAtMs` is Infinity where it never resets. */
  readonly standingOf: (resource: string, period: QuotaPeriod) => Standing & { resetsAtMs: number };
  /** When a limit on the resource was first exceeded in the period, where it has a grace time; null = not yet. */
  readonly crossedAtMs: (resource: string, period: QuotaPeriod) => number | null;
  readonly firstExpiryMs: number | null;
}

export interface Verdict {
  readonly allowed: boolean;
  readonly reason: DenialReason | null;
  readonly items: readonly (DecisionItem & { readonly granted: number })[];
  readonly retryAfterSeconds: number | null;
  /** Limits with a grace time that this admission is the first to exceed. */
  readonly crossed: readonly QuotaLimit[];
}

const INACTIVE: ReadonlySet<LicenceStatus> = new Set(["suspended", "cancelled", "expired"]);

/**
 * Judges one request (I8, I9): admitted when, for every hard limit of every asked resource, used + reserved + requested
 * <= limit; all resources or none. Pure.
 */
export function decide(facts: Facts): Verdict {
  const judged = facts.demands.map((demand) => judgeDemand(facts, demand));
  const licensed = !INACTIVE.has(facts.licenceStatus);
  const allowed = licensed && judged.every((it) => it.fits);
  const items = judged.flatMap((it) => it.items.map((item) => ({ ...item, granted: allowed ? it.granted : 0 })));
  if (allowed) {
    return { allowed, reason: null, items, retryAfterSeconds: null, crossed: judged.flatMap((it) => it.crossed) };
  }
  const crossed: QuotaLimit[] = [];
  if (!licensed) return { allowed, reason: "LICENSE_INACTIVE", items, retryAfterSeconds: null, crossed };
  const hopeless = judged.some((it) => it.hopeless);
  return {
    allowed,
    reason: hopeless ? "AMOUNT_EXCEEDS_LIMIT" : "QUOTA_EXCEEDED",
    items,
    retryAfterSeconds: hopeless
      ? null
      : retryAfter(
          facts,
          judged.flatMap((it) => it.blocked),
        ),
    crossed,
  };
}

interface Judged {
  readonly fits: boolean;
  readonly granted: number;
  /** More than a limit allows at all: waiting does not help. */
  readonly hopeless: boolean;
  readonly items: readonly DecisionItem[];
  readonly blocked: readonly Blocked[];
  readonly crossed: readonly QuotaLimit[];
}

interface Blocked {
  readonly onlyHoldsInTheWay: boolean;
  readonly resetsAtMs: number;
}

function judgeDemand(facts: Facts, demand: Demand): Judged {
  const limits = facts.limits.filter((limit) => limit.resource === demand.resource);
  if (limits.length === 0) {
    const item = unlimitedItem(demand, facts.standingOf(demand.resource, "lifetime"), facts.limitSource);
    return { fits: true, granted: demand.amount, hopeless: false, items: [item], blocked: [], crossed: [] };
  }
  const binding = limits.filter(isQuota).filter(({ enforcement, amount }) => enforcement === "hard" && amount !== null);
  const ceilings = binding.map((limit) => ceilingAt(facts, limit));
  const room = binding.map((limit, index) => ceilings[index]! - takenOf(facts, limit));
  // May be negative: usage that nobody could refuse. Then nothing fits, not even what needs no room.
  const past = room.some((free) => free < 0);
  const granted = past ? 0 : Math.min(demand.amount, ...room.map((free) => free + demand.alreadyUsed));
  const fits = !past && granted >= demand.atLeast;
  const needed = fits ? granted : demand.atLeast;
  const added = Math.max(0, needed - demand.alreadyUsed);
  const blocking = binding.flatMap((limit, index) =>
    added > room[index]! ? [{ limit, ceiling: ceilings[index]! }] : [],
  );
  return {
    fits,
    granted,
    hopeless: blocking.some(({ ceiling }) => demand.atLeast > ceiling),
    items: limits.map((limit) => limitItem(facts, demand, limit, added)),
    blocked: blocking.map(({ limit, ceiling }) => {
      const standing = facts.standingOf(limit.resource, limit.period);
      return { onlyHoldsInTheWay: standing.used + added <= ceiling, resetsAtMs: standing.resetsAtMs };
    }),
    crossed: binding.filter(
      (limit) =>
        limit.graceSeconds > 0 &&
        facts.crossedAtMs(limit.resource, limit.period) === null &&
        takenOf(facts, limit) + added > limit.amount!,
    ),
  };
}

function takenOf(facts: Facts, limit: QuotaLimit): number {
  const { used, reserved } = facts.standingOf(limit.resource, limit.period);
  return used + reserved;
}

function ceilingAt(facts: Facts, limit: QuotaLimit): number {
  return ceilingOf(limit, facts.crossedAtMs(limit.resource, limit.period), facts.nowMs);
}

function limitItem(facts: Facts, demand: Demand, limit: Limit, added: number): DecisionItem {
  const base = {
    resource: limit.resource,
    period: limit.period,
    requested: demand.amount,
    limit: limit.amount,
    enforcement: limit.enforcement,
    source: limit.source === "override" ? "override" : facts.limitSource,
  } as const;
  if (!isQuota(limit)) {
    // A rate limit: stored and shown, enforced with the quota engine.
    const unknown = { used: 0, reserved: 0, remaining: limit.amount, percentUsed: null, resetsAt: null };
    return { ...base, ...unknown, allowed: true, state: "ok", enforced: false };
  }
  const { used, reserved, resetsAtMs } = facts.standingOf(limit.resource, limit.period);
  const resetsAt = resetsAtMs === Infinity ? null : new Date(resetsAtMs).toISOString();
  if (limit.amount === null) {
    return { ...base, used, reserved, remaining: null, percentUsed: null, resetsAt, allowed: true, state: "ok" };
  }
  const ceiling = ceilingAt(facts, limit);
  const fits = used + reserved + added <= ceiling;
  const isHard = limit.enforcement === "hard";
  return {
    ...base,
    used,
    reserved,
    remaining: Math.max(0, limit.amount - used - reserved),
    percentUsed: limit.amount === 0 ? 100 : Math.round((used / limit.amount) * 1000) / 10,
    resetsAt,
    allowed: !isHard || fits,
    state: stateOf(limit, used, ceiling),
    ...(isHard ? {} : { wouldAllow: fits }),
  };
}

function stateOf({ amount, warnAt }: Limit, used: number, ceiling: number): DecisionItem["state"] {
  if (amount === null) return "ok";
  if (used >= ceiling) return "exceeded";
  if (used > amount) return "grace";
  return used >= amount * warnAt ? "warning" : "ok";
}

/** What is said of a resource that no limit applies to. */
export function unlimitedItem(
  { resource, amount }: { readonly resource: string; readonly amount: number },
  { used, reserved }: Standing,
  source: DecisionItem["source"],
): DecisionItem {
  return {
    resource,
    period: null,
    requested: amount,
    limit: null,
    used,
    reserved,
    remaining: null,
    percentUsed: null,
    resetsAt: null,
    allowed: true,
    state: "ok",
    enforcement: "hard",
    source,
  };
}

/** When asking again may help: every blocked limit has reset, or, where only holds block it, the first of them ends. */
function retryAfter({ nowMs, firstExpiryMs }: Facts, blocked: readonly Blocked[]): number | null {
  const instants = blocked.map(({ onlyHoldsInTheWay, resetsAtMs }) =>
    onlyHoldsInTheWay && firstExpiryMs !== null ? Math.min(firstExpiryMs, resetsAtMs) : resetsAtMs,
  );
  const latest = Math.max(...instants);
  return Number.isFinite(latest) ? Math.max(1, Math.ceil((latest - nowMs) / 1000)) : null;
}

/** A limit over an accounting period, with its amount counted from usage and holds. */
export type QuotaLimit = Limit & { readonly period: QuotaPeriod };
export type QuotaPeriod = "day" | "month" | "lifetime";

export function isQuota(limit: Limit): limit is QuotaLimit {
  return limit.period === "day" || limit.period === "month" || limit.period === "lifetime";
}
