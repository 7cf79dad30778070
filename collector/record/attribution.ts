import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { Pool } from "pg";
import { asUnattributed } from "#database/attribution/claim";
import { UnknownTenants } from "#database/attribution/unknown-tenants";
import type { UsageEvent } from "#database/record/usage-event";
import { ResourceNames } from "#database/resources/resource-names";
import { KnownTenants } from "#database/tenants/known-tenants";

/** An event under the tenant and resource it is to be counted for. */
export interface AttributedEvent {
  readonly event: UsageEvent;
  /** See `ClaimedEvent`. */
  readonly claim?: string | undefined;
}

/** Settles, before anything is recorded, for which tenant and resource events count; what it learned it remembers. */
export class Attribution {
  readonly #tenants: KnownTenants;
  readonly #unknown: UnknownTenants;
  readonly #resources: ResourceNames;

  /** @param defaultPlan plan of tenants first seen in a span; null = such spans go to `unattributed` */
  constructor(pool: Pool, defaultPlan: string | null) {
    this.#tenants = new KnownTenants(pool, defaultPlan);
    this.#unknown = new UnknownTenants(pool);
    this.#resources = new ResourceNames(pool);
  }

  /** @param keyId the key the events came with; it bounds how many tenants they make known */
  async attribute(events: readonly UsageEvent[], keyId: string): Promise<AttributedEvent[]> {
    const named = new Set(events.map((event) => event.tenantId));
    named.delete(UNATTRIBUTED_TENANT);
    const known = await this.#known([...named], keyId);
    const wasUnknown = await this.#unknown.among(known);
    const owned = events.map((event) =>
      known.has(event.tenantId) || event.tenantId === UNATTRIBUTED_TENANT ? event : asUnattributed(event),
    );
    const capped = await this.#resources.capped(owned);
    return capped.map((event, index) => {
      const { tenantId } = events[index]!;
      if (tenantId === UNATTRIBUTED_TENANT || (known.has(tenantId) && !wasUnknown.has(tenantId))) return { event };
      return { event, claim: tenantId };
    });
  }

  /** A name that no tenant has is noted and then looked for once more: see `UnknownTenants`. */
  async #known(named: readonly string[], keyId: string): Promise<ReadonlySet<string>> {
    const known = await this.#tenants.ensure(named, keyId);
    if (known.size === named.length) return known;
    await this.#unknown.note(named.filter((id) => !known.has(id)));
    return this.#tenants.existing(named);
  }
}
