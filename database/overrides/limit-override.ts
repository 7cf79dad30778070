import type { LimitDefinition } from "../plans/catalogue.ts";

/** What is to hold for a tenant in place of its plan's limit on the same resource and period. */
export interface NewOverride {
  readonly tenantId: string;
  readonly overrideId: string;
  readonly limit: LimitDefinition;
  readonly validFromMs: number;
  /** Null = until it is revoked. */
  readonly validUntilMs: number | null;
  readonly reason: string;
  /** Who makes it. */
  readonly actor: string;
}

/**
 * `scheduled`: yet to begin; `in_force`; `superseded`: by one for the same resource and period that was made later, for
 * as long as that one holds; `ended`: its time is over; `revoked`.
 */
export type OverrideState = "scheduled" | "in_force" | "superseded" | "ended" | "revoked";

/** An exception from a tenant's plan, at the instant it was read. */
export interface LimitOverride extends NewOverride {
  readonly state: OverrideState;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
  readonly revokedBy: string | null;
}
