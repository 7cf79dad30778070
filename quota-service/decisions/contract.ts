import type { Decision, QuotaItem, ReservationDecision, ReservationItem, ReservationState } from "@quotel/conventions";
import type { LeaseRefusal } from "./lease.ts";

/** Who asks: the key that the request came with. */
export interface Caller {
  readonly keyId: string;
}

export interface CheckRequest {
  readonly tenantId: string;
  readonly items: readonly QuotaItem[];
}

export interface ReserveRequest {
  readonly tenantId: string;
  readonly reservationId: string;
  readonly items: readonly ReservationItem[];
  readonly ttlSeconds: number;
  /** Default `release`. */
  readonly onExpiry?: "release" | "keep";
  /** Hex SHA-256 of the canonical request: tells a repetition from another request under the same id. */
  readonly requestHash: string;
}

/** A part of what remains, to be spent by the caller without asking again. */
export interface LeaseRequest {
  readonly tenantId: string;
  readonly reservationId: string;
  /** What is wanted; less may be granted. */
  readonly items: readonly QuotaItem[];
  readonly requestHash: string;
}

export interface CloseRequest {
  readonly tenantId: string;
  readonly reservationId: string;
  readonly items: readonly QuotaItem[];
  readonly settle: "spans" | "now";
}

export interface ExtendRequest {
  readonly tenantId: string;
  readonly reservationId: string;
  readonly items: readonly QuotaItem[];
  readonly ttlSeconds: number | null;
}

export interface ReleaseRequest {
  readonly tenantId: string;
  readonly reservationId: string;
}

export type CheckOutcome =
  { readonly kind: "decided"; readonly decision: Decision } | { readonly kind: "unknown_tenant" | "too_many_tenants" };

export type ReserveOutcome =
  | { readonly kind: "reserved" | "repeated" | "denied"; readonly decision: ReservationDecision }
  | { readonly kind: "unknown_tenant" | "too_many_tenants" | "conflict" | "ended" };

export type LeaseOutcome =
  | ReserveOutcome
  /** Too little remains to give any of it away in advance: reserve singly. */
  | { readonly kind: "refused"; readonly refusals: readonly LeaseRefusal[] }
  | { readonly kind: "unavailable" };

export type PatchOutcome =
  | { readonly kind: "changed"; readonly state: ReservationState }
  | { readonly kind: "denied"; readonly decision: ReservationDecision }
  | { readonly kind: "ended" | "not_found" | "unavailable" };

export type ReleaseOutcome = { readonly kind: "released" | "unavailable" };

/** Decides, holds and settles. Every method answers with an outcome; only broken invariants throw. */
export interface DecisionEngine {
  /** Decides and changes nothing; never provisions. */
  check(request: CheckRequest, caller: Caller): Promise<CheckOutcome>;
  /** The same for many, from one snapshot; the outcomes are in the order of the requests. */
  checkBatch(requests: readonly CheckRequest[]): Promise<readonly CheckOutcome[]>;
  /** Decides and holds (I8). Repeating a request gives the first answer again. */
  reserve(request: ReserveRequest, caller: Caller): Promise<ReserveOutcome>;
  /** Holds a part of what remains for the caller to spend; kept to the end of its period if it is never closed. */
  lease(request: LeaseRequest, caller: Caller): Promise<LeaseOutcome>;
  /** Sets the true amounts; never denied. */
  close(request: CloseRequest, caller: Caller): Promise<PatchOutcome>;
  /** Adds to the estimates or the time; may be denied. */
  extend(request: ExtendRequest, caller: Caller): Promise<PatchOutcome>;
  /** The work did not happen. */
  release(request: ReleaseRequest, caller: Caller): Promise<ReleaseOutcome>;
  /** Whether decisions are made without the database, because it was found away. */
  isDatabaseAway(): boolean;
  /** Denials that were neither counted nor kept, because the database was away for too long. */
  denialsDropped(): number;
  /** Waits for everything that is being decided, and for the denials to be counted. */
  drain(): Promise<void>;
}
