import type { ReservationDecision } from "@quotel/conventions";
import { expect } from "vitest";
import { KEYS } from "../processes/rooms.ts";

/** Of tokens, per lifetime. */
export interface PassingOverride {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly amount: number;
}

export interface Turns {
  readonly firstMs: number;
  /** Of a turn's time the override is in force for the first half, and the plan's limit for the second. */
  readonly turnMs: number;
  readonly count: number;
  /** In turn. */
  readonly amounts: readonly number[];
}

/** Gives a tenant overrides that come and go by themselves; resolves when all of them are known. */
export async function makeOverrides(url: string, tenantId: string, turns: Turns): Promise<PassingOverride[]> {
  const overrides = Array.from({ length: turns.count }, (_, n) => {
    const fromMs = turns.firstMs + n * turns.turnMs;
    return { fromMs, untilMs: fromMs + turns.turnMs / 2, amount: turns.amounts[n % turns.amounts.length]! };
  });
  for (const { fromMs, untilMs, amount } of overrides) {
    const [from, until] = [fromMs, untilMs].map((ms) => new Date(ms).toISOString());
    const limit = { tenantId, resource: "tokens", period: "lifetime", amount };
    const response = await fetch(`${url}/v1/admin/overrides`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEYS.admin}`, "content-type": "application/json" },
      body: JSON.stringify({ ...limit, reason: "a passing need", from, until }),
    });
    expect({ status: response.status, answer: await response.json() }).toMatchObject({ status: 201 });
  }
  return overrides;
}

/** The plan's limits on tokens; the one for life is the one that is overridden. */
export interface PlanLimits {
  readonly forLife: number;
  readonly perMonth: number;
}

/** A decision has the limits of its own instant, and the verdict that follows from them and from what was used and held. */
export function expectLimitsOfTheInstant(
  overrides: readonly PassingOverride[],
  plan: PlanLimits,
  decision: ReservationDecision,
  amount: number,
): void {
  const atMs = Date.parse(decision.asOf);
  const inForce = overrides.find(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
  expect(decision.items).toMatchObject([
    { period: "lifetime", limit: inForce?.amount ?? plan.forLife, source: inForce ? "override" : "plan" },
    { period: "month", limit: plan.perMonth, source: "plan" },
  ]);
  expect(decision.allowed).toBe(decision.items.every((it) => it.used + it.reserved + amount <= it.limit!));
}
