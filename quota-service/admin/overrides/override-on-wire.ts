import type { JsonValue } from "#database/audit/audit-event";
import type { LimitOverride, OverrideState } from "#database/overrides/limit-override";
import type { LimitDefinition } from "#database/plans/catalogue";
import { instantOnWire } from "../../http/instant.ts";

/** An override as the API answers it. */
export type OverrideOnWire = LimitDefinition & {
  readonly overrideId: string;
  readonly tenantId: string;
  readonly state: OverrideState;
  readonly from: string;
  readonly until: string | null;
  readonly reason: string;
  readonly actor: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
};

export function overrideOnWire(override: LimitOverride): OverrideOnWire {
  const { limit, validFromMs, validUntilMs, createdAtMs, revokedAtMs, ...said } = override;
  return {
    ...said,
    ...limit,
    from: new Date(validFromMs).toISOString(),
    until: instantOnWire(validUntilMs),
    createdAt: new Date(createdAtMs).toISOString(),
    revokedAt: instantOnWire(revokedAtMs),
  };
}

/** What the audit trail keeps of an override: all but what the trail itself says. */
export function overrideRecorded(override: LimitOverride): JsonValue {
  const {
    tenantId: _,
    overrideId: _o,
    actor: _a,
    createdAt: _c,
    revokedAt: _r,
    revokedBy: _b,
    ...kept
  } = overrideOnWire(override);
  return kept;
}
