/** JSON shapes of the quota service's decisions and reservations (`/v1/quota/...`). Amounts are integers <= 2^53-1; `cost` is nano-USD. */

/** Accounting periods are enforced from usage plus holds; windows (second, minute, hour) are rate limits. */
export type LimitPeriod = "second" | "minute" | "hour" | "day" | "month" | "lifetime" | "level";

/** `hard` denies, `soft` warns, `shadow` only records what it would have done. */
export type Enforcement = "hard" | "soft" | "shadow";

export type DenialReason =
  "QUOTA_EXCEEDED" | "RATE_LIMITED" | "AMOUNT_EXCEEDS_LIMIT" | "FEATURE_NOT_IN_PLAN" | "LICENSE_INACTIVE";

/** How a decision was reached: from the database, or without it (I14). */
export type DecisionMode = "strict" | "fail_open" | "fail_closed";

/** One resource and the amount of it that is asked for, held or consumed. */
export interface QuotaItem {
  readonly resource: string;
  readonly amount: number;
}

/** One resource of a reservation request. */
export interface ReservationItem extends QuotaItem {
  /** Accept any grant of at least this much instead of all or nothing. */
  readonly atLeast?: number;
}

/** Body of `POST /v1/quota/check`: one resource, or several that are allowed together or not at all. */
export type CheckRequest =
  | { readonly tenantId: string; readonly resource: string; readonly amount: number }
  | { readonly tenantId: string; readonly items: readonly QuotaItem[] };

/** Body of `POST /v1/quota/check/batch`: up to 100 tenants with up to 100 resources each, decided from one snapshot. */
export interface BatchCheckRequest {
  readonly checks: readonly { readonly tenantId: string; readonly items: readonly QuotaItem[] }[];
}

/** The answer, in the order of the checks: a decision, or for a tenant that is not registered an error. */
export interface BatchDecision {
  readonly results: readonly (Decision | ({ readonly tenantId: string } & ApiError))[];
}

/** Body of `POST /v1/quota/reservations`. `reservationId` is chosen by the caller (UUIDv7) and is the idempotency key. */
export type ReserveRequest = {
  readonly reservationId: string;
  readonly ttlSeconds?: number;
  /**
   * What becomes of it when its time runs out before it is closed. `release`, the default, frees what it holds; `keep` holds
   * it to the end of its month period, for work that may have happened all the same.
   */
  readonly onExpiry?: "release" | "keep";
} & (
  | ({ readonly tenantId: string } & ReservationItem)
  | { readonly tenantId: string; readonly items: readonly ReservationItem[] }
);

/**
 * Body of `POST /v1/quota/leases`: how much is wanted of each resource, at least 1. The answer is a reservation's decision;
 * what its items grant may be spent without asking until `expiresAt`.
 */
export interface LeaseRequest {
  readonly tenantId: string;
  readonly reservationId: string;
  readonly items: readonly QuotaItem[];
}

/** Body of `PATCH /v1/quota/reservations/{id}`. */
export type ReservationPatch =
  | {
      readonly action: "close";
      readonly tenantId?: string;
      /** The true totals; a resource left out is closed at what has been settled so far. */
      readonly items: readonly QuotaItem[];
      /** `spans`: telemetry brings the usage; `now`: the service writes the ledger event itself. */
      readonly settle: "spans" | "now";
    }
  | {
      readonly action: "extend";
      readonly tenantId?: string;
      /** Amounts to add to the estimates. */
      readonly items?: readonly QuotaItem[];
      readonly ttlSeconds?: number;
    };

/** One limit that applied to a decision, or one asked resource that has none (`limit` null = unlimited). */
export interface DecisionItem {
  readonly resource: string;
  readonly period: LimitPeriod | null;
  readonly requested: number;
  readonly limit: number | null;
  readonly used: number;
  readonly reserved: number;
  readonly remaining: number | null;
  readonly percentUsed: number | null;
  readonly resetsAt: string | null;
  readonly allowed: boolean;
  readonly state: "ok" | "warning" | "grace" | "exceeded";
  readonly enforcement: Enforcement;
  readonly source: "plan" | "override" | "default";
  /** Present on a rate limit with a burst: what any window takes beyond `limit`. */
  readonly burst?: number;
  /** Present on a cost limit that admits nothing while events of its period have no price: how many have none. */
  readonly unpricedEvents?: number;
  /** Present on a soft or shadow limit: whether it would have allowed what was asked for, were it a hard one. */
  readonly wouldAllow?: boolean;
}

/** The answer to a check; also sent, with 200, when it denies. */
export interface Decision {
  readonly allowed: boolean;
  readonly decisionId: string;
  readonly tenantId: string;
  readonly plan: string;
  readonly reason: DenialReason | null;
  readonly items: readonly DecisionItem[];
  readonly asOf: string;
  readonly lagMs: number | null;
  readonly mode: DecisionMode;
  readonly retryAfterSeconds: number | null;
}

/**
 * The answer to a reservation: 201 when made, 200 when repeated, 429 or 403 when denied. An admission's `decisionId` is its
 * `reservationId`, by which the decision can be looked up.
 */
export interface ReservationDecision extends Omit<Decision, "items"> {
  readonly reservationId: string;
  readonly expiresAt: string | null;
  readonly items: readonly (DecisionItem & { readonly granted: number })[];
}

/**
 * The answer to a close or an extend. `held` is what the reservation still keeps from others. `kept`: it has expired
 * unclosed, and its holds are kept to the end of the period.
 */
export interface ReservationState {
  readonly reservationId: string;
  readonly tenantId: string;
  readonly state: "early" | "open" | "closed" | "kept" | "released" | "expired";
  readonly expiresAt: string | null;
  readonly items: readonly {
    readonly resource: string;
    readonly estimate: number;
    readonly trueAmount: number | null;
    readonly settled: number;
    readonly held: number;
  }[];
}

/** A ledger event that names a reservation. */
export interface ExplainedEvent {
  readonly eventType: string;
  readonly status: string;
  readonly resource: string | null;
  readonly amount: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Digits; null = unknown, which is not free. */
  readonly costNanoUsd: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly endedAt: string;
  readonly traceId: string;
  readonly spanId: string;
}

/** The answer of `GET /v1/quota/decisions/{id}`: what was decided, why, and what came of it. */
export interface DecisionExplanation {
  readonly kind: "admission" | "denial";
  /** As it was answered: every limit with its source, and what was used and held then. */
  readonly decision: ReservationDecision;
  /** Of an admission: what the reservation has settled and holds now. */
  readonly reservation: ReservationState | null;
  readonly events: readonly ExplainedEvent[];
  /** Whether there are more events than are shown. */
  readonly moreEvents: boolean;
}

/** Every error of the HTTP API. */
export interface ApiError {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details?: unknown;
  };
}

/** The middleware's denial to an end user. */
export interface UsageLimitExceeded extends ApiError {
  readonly error: {
    readonly code: "USAGE_LIMIT_EXCEEDED";
    readonly message: string;
    readonly details: {
      readonly current_usage: Readonly<Record<string, number>>;
      readonly limits: Readonly<Record<string, number | null>>;
    };
  };
}
