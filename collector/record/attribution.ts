import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { Pool } from "pg";
import { asUnattributed } from "#database/attribution/claim";
import { UnknownTenants } from "#database/attribution/unknown-tenants";
import type { AuditEvent } from "#database/audit/audit-event";
import type { MetricPoint } from "#database/levels/metric-point";
import type { UsageEvent } from "#database/record/usage-event";
import { ResourceNames } from "#database/resources/resource-names";
import { KnownTenants } from "#database/tenants/known-tenants";

/** An event under the tenant and resource it is to be counted for. */
export interface AttributedEvent {
  readonly event: UsageEvent;
  /** See `ClaimedEvent`. */
  readonly claim?: string | undefined;
}

/** A point under the tenant it is to be recorded for, or why it cannot be recorded. */
export type AttributedPoint =
  | {
      readonly kind: "owned";
      readonly point: MetricPoint;
      /** See `ReceivedPoint`. */
      readonly isBeyondCap: boolean;
    }
  | { readonly kind: "aside"; readonly reason: "unknown_tenant" | "too_many_resources" };

/** Settles, before anything is recorded, for which tenant and resource items count; what it learned it remembers. */
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
    const known = await this.#known(namedBy(events), keyId);
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

  /**
   * Usage of tenants that do not exist is nobody's, as with events (I6); a level is somebody's. Usage of resources beyond
   * the cap adds up under one name; levels do not: the last of many would stand for all, so they are set aside.
   */
  async attributePoints(points: readonly MetricPoint[], keyId: string): Promise<AttributedPoint[]> {
    const known = await this.#tenants.ensure(namedBy(points), keyId);
    const owned = points.map((point): MetricPoint | null => {
      if (known.has(point.tenantId) || point.tenantId === UNATTRIBUTED_TENANT) return point;
      return point.kind === "counter" ? { ...point, tenantId: UNATTRIBUTED_TENANT } : null;
    });
    const beyond = await this.#resources.beyondCap(owned.filter((point) => point !== null));
    return owned.map((point): AttributedPoint => {
      if (point === null) return { kind: "aside", reason: "unknown_tenant" };
      const isBeyondCap = beyond.has(point);
      if (isBeyondCap && point.kind !== "counter") return { kind: "aside", reason: "too_many_resources" };
      return { kind: "owned", point, isBeyondCap };
    });
  }

  /** The trail of a tenant that does not exist is the platform's. */
  async attributeAudit(events: readonly AuditEvent[], keyId: string): Promise<AuditEvent[]> {
    const known = await this.#tenants.ensure(namedBy(events), keyId);
    return events.map((event) => (known.has(event.tenantId) ? event : { ...event, tenantId: UNATTRIBUTED_TENANT }));
  }

  /** A name that no tenant has is noted and then looked for once more: see `UnknownTenants`. */
  async #known(named: readonly string[], keyId: string): Promise<ReadonlySet<string>> {
    const known = await this.#tenants.ensure(named, keyId);
    if (known.size === named.length) return known;
    await this.#unknown.note(named.filter((id) => !known.has(id)));
    return this.#tenants.existing(named);
  }
}

/** The tenants that items name, each once. */
function namedBy(items: readonly { readonly tenantId: string }[]): string[] {
  const named = new Set(items.map(({ tenantId }) => tenantId));
  named.delete(UNATTRIBUTED_TENANT);
  return [...named];
}
