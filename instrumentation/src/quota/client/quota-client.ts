import type {
  CheckRequest,
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
import { decisionIn, passedOn, readAnswer, rejected, unanswered } from "./answers.ts";
import type { ReadOutcome } from "./answers.ts";
import { DecidedAlone } from "./decided-alone.ts";
import type { FailMode } from "./fallback-decision.ts";
import type {
  CheckOutcome,
  EnforceOutcome,
  LeaseOutcome,
  PatchOutcome,
  ReleaseOutcome,
  ReserveOutcome,
} from "./outcomes.ts";
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
  readonly counters: DecidedAlone["counters"];
  readonly #key: string | undefined;
  readonly #adminKey: string | undefined;
  readonly #alone: DecidedAlone;
  readonly #connection: QuotaConnection;

  constructor(options: QuotaClientOptions = {}, env: Readonly<Record<string, string | undefined>> = process.env) {
    const base = (options.url ?? (env["QUOTEL_QUOTA_URL"] || "http://localhost:4320")).replace(/\/+$/, "");
    this.#key = options.serviceKey ?? (env["QUOTEL_SERVICE_KEY"] || undefined);
    this.#adminKey = options.adminKey;
    this.#alone = new DecidedAlone(options.failMode ?? "open", base);
    this.counters = this.#alone.counters;
    this.#connection = new QuotaConnection({ base, timeoutMs: options.timeoutMs ?? 1_000 });
  }

  /** May the tenant use this much? Changes nothing. */
  async check(request: CheckRequest): Promise<CheckOutcome> {
    const answer = await this.#ask("POST", "/v1/quota/check", request);
    if (unanswered(answer)) return { kind: "decided", decision: this.#alone.decide(request.tenantId) };
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
      const decision = this.#alone.reserve(request.tenantId, reservationId, request.items);
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
}

function about(tenantId: string): string {
  return `?tenantId=${encodeURIComponent(tenantId)}`;
}
