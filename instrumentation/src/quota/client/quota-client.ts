import type {
  ApiError,
  CheckRequest,
  Decision,
  LeaseRequest,
  QuotaItem,
  ReservationDecision,
  ReservationItem,
  ReservationPatch,
  ReservationState,
} from "@quotel/conventions";

import { createHttpSender } from "../../process/http-sender.ts";
import type { HttpResult } from "../../process/http-sender.ts";
import { warnOnce } from "../../process/warn.ts";
import { fallbackDecision, fallbackReservation } from "./fallback-decision.ts";
import type { FailMode } from "./fallback-decision.ts";
import { uuidV7 } from "./uuid-v7.ts";

export interface QuotaClientOptions {
  /** Base URL of the quota service. Default `QUOTEL_QUOTA_URL`, else http://localhost:4320. */
  readonly url?: string;
  /** Bearer key of kind service. Default `QUOTEL_SERVICE_KEY`. */
  readonly serviceKey?: string;
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
interface Rejected {
  readonly kind: "rejected";
  readonly status: number;
  readonly error: ApiError["error"];
}

const PASSED_ON = /^(retry-after|ratelimit|ratelimit-policy|x-ratelimit-(limit|remaining|reset))$/;

/** Asks the quota service over HTTP. Expected trouble is an outcome: no method throws. Its own requests are never metered. */
export class QuotaClient {
  /** Decisions taken without the service, since the start of the client. */
  readonly counters = { failOpen: 0, failClosed: 0 };
  readonly #base: string;
  readonly #key: string | undefined;
  readonly #timeoutMs: number;
  readonly #failMode: FailMode;
  readonly #sender = createHttpSender({ background: false });
  readonly #backgroundSender = createHttpSender({ background: true });

  constructor(options: QuotaClientOptions = {}, env: Readonly<Record<string, string | undefined>> = process.env) {
    this.#base = (options.url ?? (env["QUOTEL_QUOTA_URL"] || "http://localhost:4320")).replace(/\/+$/, "");
    this.#key = options.serviceKey ?? (env["QUOTEL_SERVICE_KEY"] || undefined);
    this.#timeoutMs = options.timeoutMs ?? 1_000;
    this.#failMode = options.failMode ?? "open";
  }

  /** May the tenant use this much? Changes nothing. */
  async check(request: CheckRequest): Promise<CheckOutcome> {
    const answer = await this.#send("POST", "/v1/quota/check", request);
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
    const answer = await this.#send("POST", "/v1/quota/reservations", { ...request, reservationId });
    if (unanswered(answer)) {
      const decision = fallbackReservation(this.#fallback(request.tenantId), reservationId, request.items);
      return { kind: "decided", decision, headers: {} };
    }
    const decision = decisionIn(answer) as ReservationDecision | null;
    return decision === null ? rejected(answer) : { kind: "decided", decision, headers: passedOn(answer) };
  }

  /** Holds a part of what remains, to be spent without asking; in the background, so it never keeps the process alive. */
  async lease(request: LeaseRequest): Promise<LeaseOutcome> {
    const answer = await this.#send("POST", "/v1/quota/leases", request, true);
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
    const answer = await this.#send("DELETE", path, null, true);
    if (unanswered(answer)) return { kind: "unreachable" };
    return answer.status < 300 ? { kind: "done" } : rejected(answer);
  }

  async #patch(id: string, patch: ReservationPatch): Promise<PatchOutcome> {
    const answer = await this.#send("PATCH", `/v1/quota/reservations/${id}`, patch, true);
    if (unanswered(answer)) return { kind: "unreachable" };
    if (answer.status >= 300) return rejected(answer);
    return { kind: "done", state: parse(answer.text) as ReservationState };
  }

  #send(method: string, path: string, body: unknown, background = false): Promise<HttpResult> {
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (this.#key !== undefined) headers["authorization"] = `Bearer ${this.#key}`;
    const sender = background ? this.#backgroundSender : this.#sender;
    return sender.send({
      url: new URL(this.#base + path),
      method,
      headers,
      body: body === null ? null : JSON.stringify(body),
      timeoutMs: this.#timeoutMs,
    });
  }

  #fallback(tenantId: string): Decision {
    if (this.#failMode === "open") this.counters.failOpen += 1;
    else this.counters.failClosed += 1;
    warnOnce(
      "QUOTEL_QUOTA_UNREACHABLE",
      `the quota service at ${this.#base} gives no answer: failing ${this.#failMode}`,
    );
    return fallbackDecision(tenantId, uuidV7(), this.#failMode, Date.now());
  }
}

/** 429 is a denial and 5xx no answer at all: the service could not decide. */
function unanswered(result: HttpResult): result is Extract<HttpResult, { kind: "unreachable" }> {
  return result.kind === "unreachable" || result.status >= 500;
}

/** A decision, allowed or denied, whatever the status; null if the body is none. */
function decisionIn(answer: HttpResult): Decision | null {
  const body = answer.kind === "answered" ? parse(answer.text) : null;
  const isDecision = typeof body === "object" && body !== null && typeof (body as Decision).allowed === "boolean";
  return isDecision ? (body as Decision) : null;
}

function rejected(answer: HttpResult): Rejected {
  if (answer.kind !== "answered") return { kind: "rejected", status: 0, error: { code: "UNREACHABLE", message: "" } };
  const body = parse(answer.text) as Partial<ApiError> | null;
  const error = body?.error ?? { code: "UNEXPECTED_ANSWER", message: answer.text.slice(0, 200) };
  return { kind: "rejected", status: answer.status, error };
}

function passedOn(answer: HttpResult): Record<string, string> {
  if (answer.kind !== "answered") return {};
  const entries = Object.entries(answer.headers).filter(([name]) => PASSED_ON.test(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
