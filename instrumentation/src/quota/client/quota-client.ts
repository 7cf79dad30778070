import type {
  CheckRequest,
  Decision,
  FeatureDecision,
  LeaseRequest,
  LimitPeriod,
  MinimumPlanDecision,
  QuotaItem,
  QuotaStatus,
  ReservationDecision,
  ReservationItem,
  ReservationPatch,
  ReservationState,
  UpgradeSuggestion,
} from "@quotel/conventions";

import type { HttpResult } from "../../process/http-sender.ts";
import { warnOnce } from "../../process/warn.ts";
import { decisionIn, passedOn, readAnswer, rejected, unanswered } from "./answers.ts";
import type { ReadOutcome, Rejected } from "./answers.ts";
import { decidedAlone } from "./decided-alone.ts";
import { fallbackDecision, fallbackReservation } from "./fallback-decision.ts";
import type { FailMode } from "./fallback-decision.ts";
import { QuotaConnection } from "./quota-connection.ts";
import { uuidV7 } from "./uuid-v7.ts";

export interface QuotaClientOptions {
  /** Base URL of the quota service. Default `QUOTEL_QUOTA_URL`, else http://localhost:4320. */
  readonly url?: string;
  /** Bearer key of kind service. Default `QUOTEL_SERVICE_KEY`. */
  readonly serviceKey?: string;
  /** Bearer key of kind admin, for `setCustomQuota` alone. Default: none. */
  readonly adminKey?: string;
  /** How long a request waits for an answer before `failMode` decides. Default 1000. */
  readonly timeoutMs?: number;
  /** What no answer means. Default open: an outage of metering is no outage of the app. */
  readonly failMode?: FailMode;
}

/** The service's (or the fail mode's) decision, or its objection to the request itself: a bad key, an unknown resource or tenant. */
export type CheckOutcome = { readonly kind: "decided"; readonly decision: Decision } | Rejected;
export type ReserveOutcome =
  | {
      readonly kind: "decided";
      readonly decision: ReservationDecision;
      /** `Retry-After` and the rate limit fields of a denial, to be passed on to the caller. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | Rejected;
/** The service's decision on a lease, or its objection: `LEASE_REFUSED` near a limit. No answer is never a lease. */
export type LeaseOutcome =
  { readonly kind: "decided"; readonly decision: ReservationDecision } | Rejected | { readonly kind: "unreachable" };
export type PatchOutcome =
  { readonly kind: "done"; readonly state: ReservationState } | Rejected | { readonly kind: "unreachable" };
export type ReleaseOutcome = { readonly kind: "done" } | Rejected | { readonly kind: "unreachable" };
/** `skipped`: nobody was asked, as the caller wished. */
export type EnforceOutcome = ReserveOutcome | { readonly kind: "skipped" };

/** A limit of a tenant's own, in place of its plan's. */
export interface CustomQuota {
  readonly resource: string;
  readonly period: LimitPeriod;
  /** Null: unlimited. */
  readonly amount: number | null;
  /** Why, for the audit trail. */
  readonly reason: string;
  /** Default: until it is revoked. */
  readonly until?: Date;
}

/** Asks the quota service over HTTP. Expected trouble is an outcome: no method throws. Its own requests are never metered. */
export class QuotaClient {
  /** Decisions taken without the service, since the start of the client. */
  readonly counters = { failOpen: 0, failClosed: 0 };
  readonly #base: string;
  readonly #key: string | undefined;
  readonly #adminKey: string | undefined;
  readonly #failMode: FailMode;
  readonly #connection: QuotaConnection;

  constructor(options: QuotaClientOptions = {}, env: Readonly<Record<string, string | undefined>> = process.env) {
    this.#base = (options.url ?? (env["QUOTEL_QUOTA_URL"] || "http://localhost:4320")).replace(/\/+$/, "");
    this.#key = options.serviceKey ?? (env["QUOTEL_SERVICE_KEY"] || undefined);
    this.#adminKey = options.adminKey;
    this.#failMode = options.failMode ?? "open";
    this.#connection = new QuotaConnection({ base: this.#base, timeoutMs: options.timeoutMs ?? 1_000 });
  }

  /** May the tenant use this much? Changes nothing. */
  async check(request: CheckRequest): Promise<CheckOutcome> {
    const answer = await this.#ask("POST", "/v1/quota/check", request);
    if (unanswered(answer)) return { kind: "decided", decision: this.#fallback(request.tenantId) };
    const decision = decisionIn(answer);
    return decision === null ? rejected(answer) : { kind: "decided", decision };
  }

  /** Decides and holds. `reservationId` is the idempotency key; after a timeout the hold may exist under it all the same. */
  async reserve(request: {
    readonly tenantId: string;
    readonly items: readonly ReservationItem[];
    readonly ttlSeconds?: number;
    readonly reservationId?: string;
  }): Promise<ReserveOutcome> {
    const reservationId = request.reservationId ?? uuidV7();
    const answer = await this.#ask("POST", "/v1/quota/reservations", { ...request, reservationId });
    if (unanswered(answer)) {
      const decision = fallbackReservation(this.#fallback(request.tenantId), reservationId, request.items);
      return { kind: "decided", decision, headers: {} };
    }
    const decision = decisionIn(answer) as ReservationDecision | null;
    return decision === null ? rejected(answer) : { kind: "decided", decision, headers: passedOn(answer) };
  }

  /** Holds a part of what remains, to be spent without asking; in the background, so it never keeps the process alive. */
  async lease(request: LeaseRequest): Promise<LeaseOutcome> {
    const answer = await this.#tell("POST", "/v1/quota/leases", request);
    if (unanswered(answer)) return { kind: "unreachable" };
    const decision = decisionIn(answer) as ReservationDecision | null;
    return decision === null ? rejected(answer) : { kind: "decided", decision };
  }

  /** Closes at the true totals; telemetry (`spans`) or the service itself (`now`) brings the usage. */
  close(id: string, tenantId: string, items: readonly QuotaItem[], settle: "spans" | "now"): Promise<PatchOutcome> {
    return this.#patch(id, { action: "close", tenantId, items, settle });
  }

  /** Raises the estimates or the life of an open reservation. */
  extend(
    id: string,
    tenantId: string,
    more: { readonly items?: readonly QuotaItem[]; readonly ttlSeconds?: number },
  ): Promise<PatchOutcome> {
    return this.#patch(id, { action: "extend", tenantId, ...more });
  }

  /** The work did not happen. Repeating it is harmless. */
  async release(id: string, tenantId: string): Promise<ReleaseOutcome> {
    const path = `/v1/quota/reservations/${id}?tenantId=${encodeURIComponent(tenantId)}`;
    const answer = await this.#tell("DELETE", path);
    if (unanswered(answer)) return { kind: "unreachable" };
    return answer.status < 300 ? { kind: "done" } : rejected(answer);
  }

  /**
   * Decides and holds one amount, as `reserve`: close the reservation when the work is done. Short-lived work, such as a
   * short-term memory that is gone in a minute, may skip the question (Q14); it is allowed without a hold then.
   *
   *     const outcome = await client.enforceQuota("acme", "tokens", 1_500);
   *     if (outcome.kind === "decided" && !outcome.decision.allowed) return refuse();
   */
  enforceQuota(
    tenantId: string,
    quotaType: string,
    amount: number,
    options: { readonly shortLived?: boolean } = {},
  ): Promise<EnforceOutcome> {
    return this.enforceMultipleQuotas(tenantId, [{ resource: quotaType, amount }], options);
  }

  /** As `enforceQuota`, of several resources: all or nothing. */
  async enforceMultipleQuotas(
    tenantId: string,
    items: readonly QuotaItem[],
    { shortLived = false }: { readonly shortLived?: boolean } = {},
  ): Promise<EnforceOutcome> {
    return shortLived ? { kind: "skipped" } : this.reserve({ tenantId, items });
  }

  /** Every limit that holds for a tenant, with how much of it is used. */
  async getQuotaStatus(tenantId: string): Promise<ReadOutcome<QuotaStatus>> {
    return readAnswer(await this.#ask("GET", `/v1/quota/status${about(tenantId)}`));
  }

  /** Whether a tenant's plan has a feature, and which one would. */
  async getFeature(tenantId: string, feature: string): Promise<ReadOutcome<FeatureDecision>> {
    return readAnswer(await this.#ask("GET", `/v1/quota/features/${encodeURIComponent(feature)}${about(tenantId)}`));
  }

  /** Whether a tenant's plan stands as high as `plan`. */
  async getMinimumPlan(tenantId: string, plan: string): Promise<ReadOutcome<MinimumPlanDecision>> {
    return readAnswer(await this.#ask("GET", `/v1/quota/minimum-plan/${encodeURIComponent(plan)}${about(tenantId)}`));
  }

  /** The lowest plan above the tenant's that has the feature, or room for the amount. */
  async suggestUpgrade(
    tenantId: string,
    wish: { readonly feature: string } | QuotaItem,
  ): Promise<ReadOutcome<UpgradeSuggestion>> {
    return readAnswer(await this.#ask("POST", "/v1/quota/suggest-upgrade", { tenantId, ...wish }));
  }

  /** Gives a tenant a limit of its own. Needs `adminKey`; audited by the service. */
  async setCustomQuota(tenantId: string, quota: CustomQuota): Promise<ReadOutcome<{ readonly overrideId: string }>> {
    const path = "/v1/admin/overrides";
    return readAnswer(
      await this.#connection.ask({ method: "POST", path, body: { tenantId, ...quota }, key: this.#adminKey }),
    );
  }

  async #patch(id: string, patch: ReservationPatch): Promise<PatchOutcome> {
    const answer = await this.#tell("PATCH", `/v1/quota/reservations/${id}`, patch);
    const read = readAnswer<ReservationState>(answer);
    return read.kind === "done" ? { kind: "done", state: read.value } : read;
  }

  #ask(method: "GET" | "POST", path: string, body?: unknown): Promise<HttpResult> {
    return this.#connection.ask({ method, path, body, key: this.#key });
  }

  #tell(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<HttpResult> {
    return this.#connection.tell({ method, path, body, key: this.#key });
  }

  #fallback(tenantId: string): Decision {
    for (const counters of [this.counters, decidedAlone()]) {
      if (this.#failMode === "open") counters.failOpen += 1;
      else counters.failClosed += 1;
    }
    warnOnce(
      "QUOTEL_QUOTA_UNREACHABLE",
      `the quota service at ${this.#base} gives no answer: failing ${this.#failMode}`,
    );
    return fallbackDecision(tenantId, uuidV7(), this.#failMode, Date.now());
  }
}

function about(tenantId: string): string {
  return `?tenantId=${encodeURIComponent(tenantId)}`;
}
