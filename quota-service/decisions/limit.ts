import type { ClientBase, Pool } from "pg";
import type { LimitDefinition } from "#database/plans/catalogue";
import { LIMIT_COLUMNS } from "#database/plans/limit-columns";
import { query } from "#database/pool";
import type { Tenant } from "#database/tenants/read-tenants";

/** A limit, of a plan or of an override. `amount` null = unlimited. */
export interface Limit extends LimitDefinition {
  /** Where it comes from; the plan itself is the default one where nobody has assigned it. */
  readonly source: "plan" | "override";
}

/** A limit over an accounting period, whose amount is counted from usage and holds. */
export type QuotaLimit = Limit & { readonly period: QuotaPeriod };
export type QuotaPeriod = "day" | "month" | "lifetime";

export function isQuota(limit: Limit): limit is QuotaLimit {
  return limit.period === "day" || limit.period === "month" || limit.period === "lifetime";
}

const indexed = new WeakMap<readonly Limit[], ReadonlyMap<string, readonly Limit[]>>();

/** Of a list of limits those on one resource. A list is indexed at the first look, so that a hundred looks are cheap. */
export function limitsOn(limits: readonly Limit[], resource: string): readonly Limit[] {
  let byResource = indexed.get(limits);
  if (byResource === undefined) {
    byResource = Map.groupBy(limits, (limit) => limit.resource);
    indexed.set(limits, byResource);
  }
  return byResource.get(resource) ?? [];
}

/** Limits by plan version, remembered: versions are immutable, so what has been read once stays true. */
export class PlanLimits {
  readonly #limits = new Map<string, readonly Limit[]>();

  /** The limits of a tenant's plan, if they have been read. */
  known({ planId, planVersion }: PlanOfTenant): readonly Limit[] | undefined {
    return this.#limits.get(`${planId} ${planVersion}`);
  }

  /** Reads on the connection of the decision that asks: one that holds a connection never waits for another. */
  async read(on: ClientBase | Pool, { planId, planVersion }: PlanOfTenant): Promise<readonly Limit[]> {
    const limits = await readLimits(on, planId, planVersion);
    this.#limits.set(`${planId} ${planVersion}`, limits);
    return limits;
  }
}

type PlanOfTenant = Pick<Tenant, "planId" | "planVersion">;

async function readLimits(on: ClientBase | Pool, planId: string, version: number): Promise<readonly Limit[]> {
  const { rows } = await query<LimitDefinition>(on, {
    name: "read-plan-limits",
    text: `
      select ${LIMIT_COLUMNS}
      from quotel.plan_limits where plan_id = $1 and version = $2
      order by resource, period`,
    values: [planId, version],
  });
  return rows.map((limit) => ({ ...limit, source: "plan" }));
}
