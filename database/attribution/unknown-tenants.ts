import type { Pool } from "pg";
import { query } from "../pool.ts";
import { noteUnknownTenants } from "./note-unknown-tenants.ts";

/** Names remembered at most; forgetting costs a look-up and nothing else. */
const REMEMBERED_MAX = 100_000;

/**
 * Which names events gave while no such tenant existed. Such events are in `unattributed`, so an event of the tenant that
 * is registered under the name later may be there already; those of all other tenants need no second look.
 *
 * Why a collector that knows a tenant cannot miss its claim: whoever puts an event into `unattributed` first commits the
 * claim and then looks for the tenant once more. So a tenant that is found after that was registered after the claim, and
 * whoever finds the tenant, and asks here afterwards, reads the claim.
 */
export class UnknownTenants {
  readonly #pool: Pool;
  #notedOn = "";
  readonly #noted = new Set<string>();
  readonly #wasUnknown = new Map<string, boolean>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Notes names that events of today claim; committed when this resolves. */
  async note(names: readonly string[]): Promise<void> {
    const today = new Date().toISOString().slice(0, 10);
    if (today !== this.#notedOn || this.#noted.size > REMEMBERED_MAX) this.#noted.clear();
    this.#notedOn = today;
    const fresh = [...new Set(names)].filter((name) => !this.#noted.has(name));
    if (fresh.length === 0) return;
    await noteUnknownTenants(this.#pool, fresh);
    for (const name of fresh) this.#noted.add(name);
  }

  /** Of tenants that exist, those that were claimed when they did not. */
  async among(tenantIds: Iterable<string>): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    const unsure: string[] = [];
    for (const id of tenantIds) {
      const wasUnknown = this.#wasUnknown.get(id);
      if (wasUnknown === undefined) unsure.push(id);
      else if (wasUnknown) found.add(id);
    }
    if (unsure.length === 0) return found;
    const { rows } = await query<{ tenant_id: string }>(this.#pool, {
      name: "unknown-tenants-among",
      text: "select tenant_id from quotel.unknown_tenants where tenant_id = any ($1::text[])",
      values: [unsure],
    });
    for (const row of rows) found.add(row.tenant_id);
    if (this.#wasUnknown.size + unsure.length > REMEMBERED_MAX) this.#wasUnknown.clear();
    for (const id of unsure) this.#wasUnknown.set(id, found.has(id));
    return found;
  }
}
