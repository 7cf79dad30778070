import type { Tenant } from "#database/tenants/read-tenants";
import type { Limit } from "../limit.ts";

/** A tenant as a decision last saw it. */
export interface RememberedTenant {
  readonly tenant: Tenant;
  /** The limits that held. */
  readonly limits: readonly Limit[];
}

/** I14: older ones say nothing about today. */
const KEPT_FOR_MS = 3_600_000;
const TENANTS_MAX = 50_000;

/**
 * What decisions were last made by: it tells what to look up before the tenant itself has been read, and is all there is
 * while the database is away. Bounded: who was away longest goes.
 */
export class RememberedTenants {
  readonly #tenants = new Map<string, { readonly remembered: RememberedTenant; readonly atMs: number }>();
  readonly #nowMs: () => number;

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  remember(remembered: RememberedTenant): void {
    const { tenantId } = remembered.tenant;
    // Deleted first, so that the map's order is that of the last reading.
    this.#tenants.delete(tenantId);
    this.#tenants.set(tenantId, { remembered, atMs: this.#nowMs() });
    if (this.#tenants.size <= TENANTS_MAX) return;
    const [oldest] = this.#tenants.keys();
    if (oldest !== undefined) this.#tenants.delete(oldest);
  }

  /** Null where nothing was read within the last hour. */
  recall(tenantId: string): RememberedTenant | null {
    const known = this.#tenants.get(tenantId);
    return known === undefined || this.#nowMs() - known.atMs > KEPT_FOR_MS ? null : known.remembered;
  }
}
