/** What the verifier can find, by what a check of it looks at: a tenant's day, a tenant, its audit trail, or the whole database. */
export const KINDS_OF_DAYS = ["rollup_drift", "total_drift", "repeated_identity", "unattributed_claim"] as const;
export const KINDS_OF_TENANTS = ["hold_drift", "negative_total"] as const;
export const KINDS_OF_CHAINS = ["audit_chain"] as const;
export const KINDS_OF_DATABASE = ["folding_stuck"] as const;

export type FindingKind =
  | (typeof KINDS_OF_DAYS)[number]
  | (typeof KINDS_OF_TENANTS)[number]
  | (typeof KINDS_OF_CHAINS)[number]
  | (typeof KINDS_OF_DATABASE)[number];

/** A place where what is stored is not what it should be. */
export interface Finding {
  readonly kind: FindingKind;
  /** '' = no tenant's. */
  readonly tenantId: string;
  /** Names the place, within its kind and tenant. */
  readonly key: string;
  /** Of the day that was looked at. */
  readonly dayStartMs: number | null;
  readonly expected: number;
  readonly found: number;
}

/** A row in which checks answer; `kind` is theirs. */
export interface FindingRow {
  readonly tenant_id: string;
  readonly key: string;
  readonly day_start_ms: number | null;
  readonly expected: number;
  readonly found: number;
}

export function findingOf(kind: FindingKind, row: FindingRow): Finding {
  const { tenant_id, key, day_start_ms, expected, found } = row;
  return { kind, tenantId: tenant_id, key, dayStartMs: day_start_ms, expected, found };
}
