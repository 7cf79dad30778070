import type { LimitPeriod, QuotaItem } from "@quotel/conventions";
import type { Standing } from "#database/totals/read-standings";
import { isQuota } from "./limit.ts";
import type { Limit, QuotaPeriod } from "./limit.ts";

/** A lease is at most a tenth of what remains, so that a crash keeps little from others. */
const REMAINING_BY = 10;
/** The last fifth of a limit is given out by single reservations only. */
const SINGLES_ONLY_BY = 5;
const LIFE_MAX_MS = 30_000;
/** Less is not worth a round trip. */
const LIFE_MIN_MS = 1_000;

/** Why a resource is not leased. */
export interface LeaseRefusal {
  readonly resource: string;
  /** Of the limit in the way; null where none is. */
  readonly period: LimitPeriod | null;
  /** `NOT_A_QUOTA`: rate limits and levels are decided at each request. `PERIOD_ENDS`: the day is over within a second. */
  readonly reason: "LITTLE_LEFT" | "NOT_A_QUOTA" | "PERIOD_ENDS";
  readonly limit: number | null;
  readonly remaining: number | null;
}

/** What a reservation would hold, for how long; held only where nothing refuses it. */
export interface Terms {
  readonly items: readonly QuotaItem[];
  readonly expiresAtMs: number;
  /** How long an unclosed one is kept beyond; null = not at all. */
  readonly keptUntilMs: number | null;
  readonly refusals: readonly LeaseRefusal[];
}

/** What the terms of a lease depend on. */
export interface LeaseFacts {
  readonly nowMs: number;
  readonly dayEndMs: number;
  readonly monthEndMs: number;
  readonly limits: readonly Limit[];
  readonly standingOf: (resource: string, period: QuotaPeriod) => Standing;
}

/**
 * The terms of a lease (design section 7): of each resource what is wanted, but at most a tenth of what remains under
 * every hard limit and nothing of a limit's last fifth; all resources or none. It lives 30 s, and never into another day:
 * what is spent under it counts in the period that admitted it. Kept, if its holder never closes it, to the end of the
 * longest period it may have been spent in (a lifetime has no end: of the month). Pure.
 */
export function leaseTerms(facts: LeaseFacts, wanted: readonly QuotaItem[]): Terms {
  const offers = wanted.map((item) => offerOf(facts, item));
  const expiresAtMs = Math.min(facts.nowMs + LIFE_MAX_MS, facts.dayEndMs);
  const tooShort = expiresAtMs - facts.nowMs < LIFE_MIN_MS;
  const refusals = tooShort
    ? wanted.map(({ resource }) => refusal(resource, null, "PERIOD_ENDS", null))
    : offers.flatMap((offer) => offer.refusal ?? []);
  const refused = refusals.length > 0;
  const byDay = wanted.every(({ resource }) => quotasOn(facts, resource).every(({ period }) => period === "day"));
  return {
    items: wanted.map(({ resource }, index) => ({ resource, amount: refused ? 0 : offers[index]!.amount })),
    expiresAtMs,
    keptUntilMs: byDay ? facts.dayEndMs : facts.monthEndMs,
    refusals,
  };
}

interface Offer {
  readonly amount: number;
  readonly refusal: LeaseRefusal | null;
}

function offerOf(facts: LeaseFacts, { resource, amount }: QuotaItem): Offer {
  const binding = facts.limits.filter(
    (limit) => limit.resource === resource && limit.enforcement === "hard" && limit.amount !== null,
  );
  let offered = amount;
  for (const limit of binding) {
    if (!isQuota(limit)) return { amount: 0, refusal: refusal(resource, limit, "NOT_A_QUOTA", null) };
    const { used, reserved } = facts.standingOf(resource, limit.period);
    const remaining = limit.amount! - used - reserved;
    // Divided, not multiplied by a fraction: so it is exact up to 2^53.
    const singlesOnly = Math.ceil(limit.amount! / SINGLES_ONLY_BY);
    const most = Math.min(Math.floor(remaining / REMAINING_BY), remaining - singlesOnly);
    if (most < 1) return { amount: 0, refusal: refusal(resource, limit, "LITTLE_LEFT", Math.max(0, remaining)) };
    offered = Math.min(offered, most);
  }
  return { amount: offered, refusal: null };
}

function quotasOn({ limits }: LeaseFacts, resource: string): Limit[] {
  return limits.filter((limit) => limit.resource === resource && isQuota(limit));
}

function refusal(
  resource: string,
  limit: Limit | null,
  reason: LeaseRefusal["reason"],
  remaining: number | null,
): LeaseRefusal {
  return { resource, period: limit?.period ?? null, reason, limit: limit?.amount ?? null, remaining };
}
