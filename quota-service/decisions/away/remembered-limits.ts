import type { Limit } from "../limit.ts";

export interface RememberedTenant {
  readonly plan: string;
  /** The effective limits as they were last read. */
  readonly limits: readonly Limit[];
}

/** I14: older ones say nothing about today. */
const KEPT_FOR_MS = 3_600_000;
const TENANTS_MAX = 50_000;

/** The limits that decisions were last made by, for the time when the database is away. Bounded: who was away longest goes. */
export class RememberedLimits {
  readonly #tenants = new Map<string, { readonly tenant: RememberedTenant; readonly atMs: number }>();
  readonly #nowMs: () => number;

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  remember(tenantId: string, tenant: RememberedTenant): void {
    // Deleted first, so that the map's order is that of the last reading.
    this.#tenants.delete(tenantId);
    this.#tenants.set(tenantId, { tenant, atMs: this.#nowMs() });
    if (this.#tenants.size <= TENANTS_MAX) return;
    const [oldest] = this.#tenants.keys();
    if (oldest !== undefined) this.#tenants.delete(oldest);
  }

  /** Null where nothing was read within the last hour. */
  recall(tenantId: string): RememberedTenant | null {
    const known = this.#tenants.get(tenantId);
    return known === undefined || this.#nowMs() - known.atMs > KEPT_FOR_MS ? null : known.tenant;
  }
}
