import type { DecisionItem, DenialReason } from "@quotel/conventions";
import type { LicenceStatus } from "#database/tenants/read-tenants";
import { limitItem, unlimitedItem } from "./decision-items.ts";
import type { LimitStanding } from "./limit-standing.ts";

/** What is asked of one resource. */
export interface Demand {
  readonly resource: string;
  readonly amount: number;
  /** Smallest acceptable grant; `amount` where it is all or nothing. */
  readonly atLeast: number;
  /** Part of the amount that is in `used` already, because spans arrived before the request: it needs no room. */
  readonly alreadyUsed: number;
  /** Every limit on the resource as it stands. */
  readonly limits: readonly LimitStanding[];
  /** Usage and holds of the resource where nothing limits it. */
  readonly unlimited: { readonly used: number; readonly reserved: number };
}

/** Everything a decision depends on: the same facts always give the same verdict. */
export interface Facts {
  readonly nowMs: number;
  readonly licence: { readonly status: LicenceStatus; readonly expiresAtMs: number | null };
  /** What the plan's limits are said to come from. */
  readonly planSource: "plan" | "default";
  readonly demands: readonly Demand[];
}

export interface Verdict {
  readonly allowed: boolean;
  readonly reason: DenialReason | null;
  readonly items: readonly DecisionItem[];
  /** What is granted of each demand, in their order. */
  readonly granted: readonly number[];
  readonly retryAfterSeconds: number | null;
  /** Whether `retryAfterSeconds` depends on when the tenant's first hold ends. */
  readonly waitsForHolds: boolean;
}

const INACTIVE: ReadonlySet<LicenceStatus> = new Set(["suspended", "cancelled", "expired"]);

/**
 * Judges one request (I8, I9): admitted when the licence is active and every hard limit of every asked resource has room
 * for what is requested; all resources or none. Pure.
 */
export function decide(facts: Facts): Verdict {
  const { nowMs, licence } = facts;
  const judged = facts.demands.map((demand) => judgeDemand(demand, facts.planSource));
  const licensed = !INACTIVE.has(licence.status) && (licence.expiresAtMs === null || nowMs < licence.expiresAtMs);
  const allowed = licensed && judged.every((it) => it.fits);
  const items: DecisionItem[] = [];
  for (const it of judged) items.push(...it.items);
  const granted = judged.map((it) => (allowed ? it.granted : 0));
  const verdict = { allowed, items, granted, retryAfterSeconds: null, waitsForHolds: false };
  if (allowed) return { ...verdict, reason: null };
  if (!licensed) return { ...verdict, reason: "LICENSE_INACTIVE" };
  // More than a limit admits at all: waiting does not help.
  if (judged.some((it) => it.hopeless)) {
    return { ...verdict, reason: "AMOUNT_EXCEEDS_LIMIT" };
  }
  const blocking = judged.flatMap((it) => it.blocking);
  const reason = blocking.every(({ countsAdmissions }) => countsAdmissions) ? "RATE_LIMITED" : "QUOTA_EXCEEDED";
  const waitsForHolds = blocking.some((it) => it.waitsForHolds);
  return { ...verdict, reason, retryAfterSeconds: retryAfter(nowMs, blocking), waitsForHolds };
}

interface Judged {
  readonly fits: boolean;
  readonly granted: number;
  readonly hopeless: boolean;
  readonly items: readonly DecisionItem[];
  readonly blocking: readonly Blocking[];
}

interface Blocking {
  readonly countsAdmissions: boolean;
  readonly mayFitAtMs: number;
  readonly waitsForHolds: boolean;
}

function judgeDemand(demand: Demand, planSource: Facts["planSource"]): Judged {
  const { amount, atLeast, limits } = demand;
  if (limits.length === 0) {
    const item = unlimitedItem(demand, demand.unlimited, planSource);
    return { fits: true, granted: amount, hopeless: false, items: [item], blocking: [] };
  }
  const binding = limits.filter(({ limit }) => limit.enforcement === "hard");
  const granted = grantedUnder(binding, demand);
  const fits = granted >= atLeast;
  const needed = fits ? granted : atLeast;
  const fitsUnder = (it: LimitStanding): boolean => addedUnder(it, demand, needed) <= it.room;
  // What is granted fits under all of them.
  const blocking = fits ? [] : binding.filter((it) => !fitsUnder(it));
  return {
    fits,
    granted,
    hopeless: blocking.some(({ capacity }) => atLeast > capacity),
    items: limits.map((it) => limitItem(demand, it, fitsUnder(it), planSource)),
    blocking: blocking.map((it) => ({
      countsAdmissions: it.countsAdmissions,
      mayFitAtMs: it.mayFitAtMs(addedUnder(it, demand, needed)),
      waitsForHolds: it.waitsForHolds(addedUnder(it, demand, needed)),
    })),
  };
}

/** The most that fits under every hard limit; negative where nothing does. */
function grantedUnder(binding: readonly LimitStanding[], demand: Demand): number {
  let granted = demand.amount;
  for (const it of binding) {
    // Past a limit nothing fits, not even what needs no room: used + reserved + 0 <= limit is false.
    if (it.room < 0) return -1;
    granted = Math.min(granted, it.room + coveredUnder(it, demand));
  }
  return granted;
}

/** What admitting `needed` adds to what a limit counts. */
export function addedUnder(standing: LimitStanding, demand: Demand, needed: number): number {
  return Math.max(0, needed - coveredUnder(standing, demand));
}

function coveredUnder({ countsAdmissions }: LimitStanding, { alreadyUsed }: Demand): number {
  return countsAdmissions ? 0 : alreadyUsed;
}

/** When asking again may help: not before every limit that is in the way may have room. */
function retryAfter(nowMs: number, blocking: readonly Blocking[]): number | null {
  const latest = Math.max(...blocking.map(({ mayFitAtMs }) => mayFitAtMs));
  return Number.isFinite(latest) ? Math.max(1, Math.ceil((latest - nowMs) / 1000)) : null;
}
