import { RESERVATION_TTL_SECONDS_DEFAULT } from "@quotel/conventions";
import type { QuotaItem, ReservationDecision, ReservationItem } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { accountingPeriods } from "#database/periods/period";
import { earlyReservation, extend, holdOf, isOpen } from "#database/reservations/protocol";
import type { Reservation } from "#database/reservations/protocol";
import { readDecision } from "#database/reservations/read-decision";
import { reservationKeyText } from "#database/reservations/read-reservations";
import type { ReservationChange } from "#database/reservations/write-reservations";
import type { Tenant } from "#database/tenants/read-tenants";
import type { ExtendRequest, LeaseOutcome, LeaseRequest, PatchOutcome, ReserveRequest } from "./contract.ts";
import type { GroupFacts } from "./facts/group-facts.ts";
import { leaseTerms } from "./lease.ts";
import type { LeaseFacts, Terms } from "./lease.ts";
import { learnFirstExpiries } from "./read-facts.ts";
import { reservationStateOf } from "./reservation-state.ts";
import { judge } from "./verdict/judge.ts";
import type { Judged } from "./verdict/judge.ts";

/** What may admit work, and so needs the tenant's lock. */
export type AdmitRequest = HoldRequest | (ExtendRequest & { readonly action: "extend" });
type HoldRequest = (ReserveRequest & { readonly action: "reserve" }) | (LeaseRequest & { readonly action: "lease" });
export type AdmitOutcome = LeaseOutcome | PatchOutcome;

/** Serves a group's requests one after the other, each on what the ones before it left. */
export class AdmissionDesk {
  readonly #client: ClientBase;
  readonly #facts: GroupFacts;
  readonly #before: ReadonlyMap<string, Reservation>;
  readonly #changed = new Map<string, ReservationChange>();

  constructor(client: ClientBase, locked: readonly Reservation[], facts: GroupFacts) {
    this.#client = client;
    this.#facts = facts;
    this.#before = new Map(locked.map((it) => [reservationKeyText(it.tenantId, it.reservationId), it]));
  }

  changes(): ReservationChange[] {
    return [...this.#changed.values()];
  }

  async serve(request: AdmitRequest, tenant: Tenant): Promise<AdmitOutcome> {
    const key = reservationKeyText(request.tenantId, request.reservationId);
    const current = this.#changed.get(key)?.after ?? this.#before.get(key) ?? null;
    if (request.action === "extend") return this.#extend(key, request, tenant, current);
    if (current === null || (current.phase === "early" && current.requestHash === null)) {
      return this.#reserve(key, request, tenant, current);
    }
    if (current.requestHash === null) return { kind: "ended" };
    if (current.requestHash !== request.requestHash) return { kind: "conflict" };
    const stored = this.#changed.get(key)?.decision ?? (await readDecision(this.#client, request));
    if (stored === null) throw new Error(`reservation ${key} was admitted without a stored decision`);
    return { kind: "repeated", decision: stored };
  }

  async #reserve(key: string, request: HoldRequest, tenant: Tenant, early: Reservation | null): Promise<AdmitOutcome> {
    const nowMs = this.#facts.nowMs;
    const settledOf = (resource: string): number =>
      early?.resources.find((item) => item.resource === resource)?.settled ?? 0;
    const { reservationId } = request;
    const { day, month } = accountingPeriods(nowMs, tenant.calendar);
    const { items, expiresAtMs, keptUntilMs, refusals } =
      request.action === "reserve"
        ? {
            items: request.items,
            expiresAtMs: nowMs + request.ttlSeconds * 1000,
            keptUntilMs: request.onExpiry === "keep" ? month.endMs : null,
            refusals: [],
          }
        : this.#leaseTerms(request, tenant, day.endMs, month.endMs);
    const verdict = await this.#judge(tenant, items, settledOf);
    const refused = refusals.length > 0;
    if (!verdict.decision.allowed && !(refused && isPassing(verdict.decision.reason))) {
      return { kind: "denied", decision: denial(verdict, reservationId) };
    }
    if (refused) return { kind: "refused", refusals };
    const decision = {
      ...verdict.decision,
      // The reservation's id, so the primary key finds it: no index of its own slows each admission down.
      decisionId: reservationId,
      items: request.action === "lease" ? asWanted(withGrants(verdict), request.items) : withGrants(verdict),
      reservationId,
      expiresAt: new Date(expiresAtMs).toISOString(),
    };
    const at = { admittedAtMs: nowMs, dayStartMs: day.startMs, monthStartMs: month.startMs };
    const base = { ...(early ?? earlyReservation(request.tenantId, reservationId, at)), ...at };
    const opened = extend(
      { ...base, phase: "open", requestHash: request.requestHash, keptUntilMs },
      verdict.granted,
      expiresAtMs,
    );
    this.#keep(key, tenant, early, opened, verdict, decision);
    return { kind: "reserved", decision };
  }

  #leaseTerms({ items }: LeaseRequest, tenant: Tenant, dayEndMs: number, monthEndMs: number): Terms {
    const facts = this.#facts.of(tenant);
    const standingOf: LeaseFacts["standingOf"] = (resource, period) => facts.standing(resource, period);
    return leaseTerms({ nowMs: facts.nowMs, dayEndMs, monthEndMs, limits: facts.limits, standingOf }, items);
  }

  async #judge(
    tenant: Tenant,
    items: readonly ReservationItem[],
    alreadyUsed: (resource: string) => number,
  ): Promise<Judged> {
    const verdict = judge(this.#facts, tenant, items, alreadyUsed);
    if (!verdict.waitsForHolds || this.#facts.of(tenant).knowsFirstExpiry) return verdict;
    await learnFirstExpiries(this.#client, this.#facts, [tenant]);
    return judge(this.#facts, tenant, items, alreadyUsed);
  }

  async #extend(
    key: string,
    request: ExtendRequest,
    tenant: Tenant,
    current: Reservation | null,
  ): Promise<AdmitOutcome> {
    if (current === null) return { kind: "not_found" };
    if (!isOpen(current, this.#facts.nowMs)) return { kind: "ended" };
    // What spans have brought beyond the estimate is in `used` already: that part of an extension needs no room.
    const overdrawn = (resource: string): number => {
      const item = current.resources.find((it) => it.resource === resource);
      return item ? Math.max(0, item.settled - item.estimate) : 0;
    };
    const { reservationId } = request;
    const verdict = await this.#judge(tenant, request.items, overdrawn);
    if (!verdict.decision.allowed) {
      return { kind: "denied", decision: denial(verdict, reservationId) };
    }
    const ttlSeconds = request.ttlSeconds ?? (request.items.length === 0 ? RESERVATION_TTL_SECONDS_DEFAULT : null);
    const expiresAtMs = ttlSeconds === null ? current.expiresAtMs! : this.#facts.nowMs + ttlSeconds * 1000;
    const extended = extend(current, verdict.granted, expiresAtMs);
    this.#keep(key, tenant, this.#before.get(key) ?? null, extended, verdict);
    return { kind: "changed", state: reservationStateOf(extended) };
  }

  /** Remembers a change, and lets the requests that follow in this group see its hold and what it has crossed. */
  #keep(
    key: string,
    tenant: Tenant,
    before: Reservation | null,
    after: Reservation,
    verdict: Judged,
    decision?: ReservationDecision,
  ): void {
    const facts = this.#facts.of(tenant);
    const previous = this.#changed.get(key);
    for (const item of after.resources) {
      const was = (previous?.after ?? before)?.resources.find((it) => it.resource === item.resource);
      const phase = (previous?.after ?? before)?.phase ?? "early";
      const added = holdOf(after.phase, item) - (was ? holdOf(phase, was) : 0);
      if (added !== 0) facts.hold(item.resource, added);
    }
    for (const limit of verdict.crossed) facts.cross(limit);
    for (const { resource, amount } of verdict.granted) facts.consume(resource, amount);
    this.#changed.set(key, { before, after, decision: decision ?? previous?.decision });
  }
}

function denial(verdict: Judged, reservationId: string): ReservationDecision {
  return { ...verdict.decision, items: withGrants(verdict), reservationId, expiresAt: null };
}

/** Each item says what was granted of its resource. */
function withGrants({ decision, granted }: Judged): ReservationDecision["items"] {
  const amountOf = new Map(granted.map(({ resource, amount }) => [resource, amount]));
  return decision.items.map((item) => ({ ...item, granted: amountOf.get(item.resource) ?? 0 }));
}

/** Whether the same request may be admitted later: then it is no reason against a single reservation. */
function isPassing(reason: ReservationDecision["reason"]): boolean {
  return reason === "QUOTA_EXCEEDED" || reason === "RATE_LIMITED";
}

/** The decision on a lease says what was wanted, not what of it was put to the limits. */
function asWanted(decided: ReservationDecision["items"], wanted: readonly QuotaItem[]): ReservationDecision["items"] {
  const amountOf = new Map(wanted.map(({ resource, amount }) => [resource, amount]));
  return decided.map((item) => ({ ...item, requested: amountOf.get(item.resource) ?? item.requested }));
}
