import type { Enforcement, LimitPeriod } from "@quotel/conventions";
import type { Pool } from "pg";
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

/** Limits by plan version. Versions are immutable, so what has been read once stays true. */
export class PlanLimits {
  readonly #pool: Pool;
  readonly #limits = new Map<string, Promise<readonly Limit[]>>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  of(planId: string, version: number): Promise<readonly Limit[]> {
    const key = `${planId} ${version}`;
    let limits = this.#limits.get(key);
    if (!limits) {
      limits = readLimits(this.#pool, planId, version);
      this.#limits.set(key, limits);
      // A failed read is forgotten, so that the next decision asks again.
      limits.catch(() => this.#limits.delete(key));
    }
    return limits;
  }
}

async function readLimits(pool: Pool, planId: string, version: number): Promise<readonly Limit[]> {
  const { rows } = await query<{
    resource: string;
    period: LimitPeriod;
    amount: number | null;
    enforcement: Enforcement;
    warn_at: number;
  }>(pool, {
    name: "read-plan-limits",
    text: `
      select resource, period, amount, enforcement, warn_at::double precision as warn_at
      from quotel.plan_limits where plan_id = $1 and version = $2
      order by resource, period`,
    values: [planId, version],
  });
  return rows.map(({ warn_at, ...limit }) => ({ ...limit, warnAt: warn_at }));
}
