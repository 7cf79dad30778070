import type { Pool } from "pg";
import { query } from "../pool.ts";
import { provisionTenants } from "./provision-tenants.ts";

/** Ids remembered at most; tenants are never deleted, so forgetting costs a look-up and nothing else. */
const REMEMBERED_MAX = 100_000;

/** Which tenants have a row, remembered per process; makes rows for new ones where there is a default plan. */
export class KnownTenants {
  readonly #pool: Pool;
  readonly #defaultPlan: string | null;
  readonly #known = new Set<string>();

  /** @param defaultPlan plan of tenants first seen in a span or a reservation; null = they must be registered */
  constructor(pool: Pool, defaultPlan: string | null) {
    this.#pool = pool;
    this.#defaultPlan = defaultPlan;
  }

  /** The ids among `tenantIds` that have a row afterwards. */
  async ensure(tenantIds: readonly string[], keyId: string): Promise<ReadonlySet<string>> {
    const unsure = [...new Set(tenantIds)].filter((id) => !this.#known.has(id));
    if (unsure.length > 0) {
      await this.#remember(unsure);
      const missing = unsure.filter((id) => !this.#known.has(id));
      if (missing.length > 0 && this.#defaultPlan !== null) {
        await provisionTenants(this.#pool, missing, { keyId, plan: this.#defaultPlan });
        await this.#remember(missing);
      }
    }
    return new Set(tenantIds.filter((id) => this.#known.has(id)));
  }

  /** Of `tenantIds`, the ones that have a row now; makes none. */
  async existing(tenantIds: readonly string[]): Promise<ReadonlySet<string>> {
    const unsure = tenantIds.filter((id) => !this.#known.has(id));
    if (unsure.length > 0) await this.#remember(unsure);
    return new Set(tenantIds.filter((id) => this.#known.has(id)));
  }

  async #remember(tenantIds: readonly string[]): Promise<void> {
    const { rows } = await query<{ tenant_id: string }>(this.#pool, {
      name: "existing-tenants",
      text: "select tenant_id from quotel.tenants where tenant_id = any ($1::text[])",
      values: [tenantIds],
    });
    if (this.#known.size + rows.length > REMEMBERED_MAX) this.#known.clear();
    for (const row of rows) this.#known.add(row.tenant_id);
  }
}
