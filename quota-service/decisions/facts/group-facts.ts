import type { Crossing } from "#database/limits/crossings";
import type { RateWindow } from "#database/limits/rate-window";
import type { RateWindowKey } from "#database/limits/read-rate-windows";
import type { Tenant } from "#database/tenants/read-tenants";
import type { TenantFacts } from "./tenant-facts.ts";

/** What the decisions of one group are made from: everything was read at one instant. */
export class GroupFacts {
  /** The database's clock, Unix milliseconds. */
  readonly nowMs: number;
  /** The instant to which all telemetry is complete; null = unknown. */
  readonly telemetryMarkMs: number | null;
  readonly #tenants: ReadonlyMap<string, TenantFacts>;

  constructor(nowMs: number, telemetryMarkMs: number | null, tenants: ReadonlyMap<string, TenantFacts>) {
    this.nowMs = nowMs;
    this.telemetryMarkMs = telemetryMarkMs;
    this.#tenants = tenants;
  }

  /** The facts of a tenant that was asked about. */
  of({ tenantId }: Pick<Tenant, "tenantId">): TenantFacts {
    const facts = this.#tenants.get(tenantId);
    if (facts === undefined) throw new Error(`nothing was read of tenant ${tenantId}`);
    return facts;
  }

  /** Windows of rate limits that are not written yet. */
  newWindows(): (RateWindowKey & { readonly window: RateWindow })[] {
    return this.#ofAll((facts) => facts.newWindows());
  }

  /** Crossings that are not written yet. */
  newCrossings(): Crossing[] {
    return this.#ofAll((facts) => facts.newCrossings());
  }

  #ofAll<T>(part: (facts: TenantFacts) => Iterable<T>): (T & { readonly tenantId: string })[] {
    return [...this.#tenants].flatMap(([tenantId, facts]) => [...part(facts)].map((it) => ({ ...it, tenantId })));
  }
}
