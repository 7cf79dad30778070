import type { Enforcement, LimitPeriod } from "@quotel/conventions";
import type { ClientBase, Pool } from "pg";
import { query } from "#database/pool";

/** A limit of a plan. `amount` null = unlimited. */
export interface Limit {
  readonly resource: string;
  readonly period: LimitPeriod;
  readonly amount: number | null;
  readonly enforcement: Enforcement;
  /** Fraction of the limit from which the state is `warning`. */
  readonly warnAt: number;
}

/** Limits by plan version, remembered: versions are immutable, so what has been read once stays true. */
export class PlanLimits {
  readonly #limits = new Map<string, readonly Limit[]>();

  /** Reads on the connection of the decision that asks: one that holds a connection never waits for another. */
  async of(on: ClientBase | Pool, planId: string, version: number): Promise<readonly Limit[]> {
    const key = `${planId} ${version}`;
    const known = this.#limits.get(key);
    if (known) return known;
    const limits = await readLimits(on, planId, version);
    this.#limits.set(key, limits);
    return limits;
  }
}

async function readLimits(on: ClientBase | Pool, planId: string, version: number): Promise<readonly Limit[]> {
  const { rows } = await query<{
    resource: string;
    period: LimitPeriod;
    amount: number | null;
    enforcement: Enforcement;
    warn_at: number;
  }>(on, {
    name: "read-plan-limits",
    text: `
      select resource, period, amount, enforcement, warn_at::double precision as warn_at
      from quotel.plan_limits where plan_id = $1 and version = $2
      order by resource, period`,
    values: [planId, version],
  });
  return rows.map(({ warn_at, ...limit }) => ({ ...limit, warnAt: warn_at }));
}
