import type { ClientBase, Pool } from "pg";
import { RESERVATION_TTL_SECONDS_DEFAULT } from "@quotel/conventions";
import type { QuotaItem, ReservationDecision } from "@quotel/conventions";
import { UNIQUE_VIOLATION, errorCode, isRetryable } from "#database/sqlstate";
import { inTransactionEndingWith } from "#database/transaction";
import { earlyReservation, extend, holdOf, isOpen } from "#database/reservations/protocol";
import type { Reservation } from "#database/reservations/protocol";
import { readDecision } from "#database/reservations/read-decision";
import { lockReservations, reservationKeyText } from "#database/reservations/read-reservations";
import { writeReservationsAndTotals } from "#database/reservations/write-reservations";
import type { ReservationChange } from "#database/reservations/write-reservations";
import { accountingPeriods } from "#database/periods/period";
import { calendarsOf, lockTenants } from "#database/tenants/read-tenants";
import type { Tenant } from "#database/tenants/read-tenants";
import { TotalDeltas } from "#database/totals/add-to-totals";
import { insertCrossings } from "#database/limits/insert-crossings";
import { writeRateWindows } from "#database/limits/write-rate-windows";
import type { ExtendRequest, LeaseOutcome, LeaseRequest, PatchOutcome, ReserveRequest } from "./contract.ts";
import type { GroupFacts } from "./facts/group-facts.ts";
import { leaseTerms } from "./lease.ts";
import type { LeaseFacts, Terms } from "./lease.ts";
import { readFacts } from "./read-facts.ts";
import type { DecisionSources } from "./read-facts.ts";
import { reservationStateOf } from "./reservation-state.ts";
import { judge } from "./verdict/judge.ts";
import type { Judged } from "./verdict/judge.ts";

/** What may admit work, and so needs the tenant's lock. */
export type AdmitRequest = HoldRequest | (ExtendRequest & { readonly action: "extend" });
type HoldRequest = (ReserveRequest & { readonly action: "reserve" }) | (LeaseRequest & { readonly action: "lease" });

type Outcome = LeaseOutcome | PatchOutcome;

/** Who lost a race runs again; nothing of the failed attempt is left. */
const ATTEMPTS_MAX = 5;

/**
 * The reserve transaction (I8): lock the tenants, then read used, reserved and the clock in a new statement, judge the
 * requests in order of arrival, write the rows that hold, and last the totals. Null for a tenant that someone else has
 * locked (`wait` false).
 */
export async function admitGroup(
  pool: Pool,
  sources: DecisionSources,
  group: readonly AdmitRequest[],
  wait: boolean,
): Promise<(Outcome | null)[]> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await inTransactionEndingWith(pool, (client) => admit(client, sources, group, wait));
    } catch (error) {
      // A unique violation: a span or a close has made a reservation's row since we looked.
      const lostRace = isRetryable(error) || errorCode(error) === UNIQUE_VIOLATION;
      if (!lostRace || attempts >= ATTEMPTS_MAX) throw error;
    }
  }
}

async function admit(
  client: ClientBase,
  sources: DecisionSources,
  group: readonly AdmitRequest[],
  wait: boolean,
): Promise<{ readonly result: (Outcome | null)[]; readonly written: Promise<unknown> }> {
  const [tenants, locked] = await Promise.all([
    lockTenants(client, [...new Set(group.map((request) => request.tenantId))], wait),
    lockReservations(client, group),
  ]);
  const ours = group.filter((request) => tenants.has(request.tenantId));
  if (ours.length === 0) return { result: group.map(() => null), written: Promise.resolve() };
  const facts = await readFacts(client, sources, askedBy(ours, tenants));
  const desk = new AdmissionDesk(client, locked, facts);
  const outcomes: (Outcome | null)[] = [];
  for (const request of group) {
    const tenant = tenants.get(request.tenantId);
    outcomes.push(tenant ? await desk.serve(request, tenant) : null);
  }
  // Sent in one turn, with the commit behind them.
  const written = Promise.all([
    insertCrossings(client, facts.newCrossings()),
    writeRateWindows(client, facts.newWindows()),
    writeReservationsAndTotals(client, desk.changes(), calendarsOf(tenants), new TotalDeltas()),
  ]);
  return { result: outcomes, written };
}

function askedBy(
  requests: readonly AdmitRequest[],
  tenants: ReadonlyMap<string, Tenant>,
): { tenant: Tenant; resource: string }[] {
  return requests.flatMap((request) =>
    request.items.map(({ resource }) => ({ tenant: tenants.get(request.tenantId)!, resource })),
  );
}

/** Serves a group's requests one after the other, each on what the ones before it left. */
class AdmissionDesk {
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

  async serve(request: AdmitRequest, tenant: Tenant): Promise<Outcome> {
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

  #reserve(key: string, request: HoldRequest, tenant: Tenant, early: Reservation | null): Outcome {
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
    const verdict = judge(this.#facts, tenant, items, settledOf);
    const refused = refusals.length > 0;
    if (!verdict.decision.allowed && !(refused && isPassing(verdict.decision.reason))) {
      return { kind: "denied", decision: { ...verdict.decision, reservationId, expiresAt: null } };
    }
    if (refused) return { kind: "refused", refusals };
    const decision = {
      ...verdict.decision,
      // The reservation's id, so the primary key finds it: no index of its own slows each admission down.
      decisionId: reservationId,
      items: request.action === "lease" ? asWanted(verdict.decision.items, request.items) : verdict.decision.items,
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
    const standingOf: LeaseFacts["standingOf"] = (resource, period) => this.#facts.standing(tenant, resource, period);
    const { nowMs } = this.#facts;
    return leaseTerms({ nowMs, dayEndMs, monthEndMs, limits: this.#facts.limitsOf(tenant), standingOf }, items);
  }

  #extend(key: string, request: ExtendRequest, tenant: Tenant, current: Reservation | null): Outcome {
    if (current === null) return { kind: "not_found" };
    if (!isOpen(current, this.#facts.nowMs)) return { kind: "ended" };
    // What spans have brought beyond the estimate is in `used` already: that part of an extension needs no room.
    const overdrawn = (resource: string): number => {
      const item = current.resources.find((it) => it.resource === resource);
      return item ? Math.max(0, item.settled - item.estimate) : 0;
    };
    const { reservationId } = request;
    const verdict = judge(this.#facts, tenant, request.items, overdrawn);
    if (!verdict.decision.allowed) {
      return { kind: "denied", decision: { ...verdict.decision, reservationId, expiresAt: null } };
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
    const previous = this.#changed.get(key);
    for (const item of after.resources) {
      const was = (previous?.after ?? before)?.resources.find((it) => it.resource === item.resource);
      const phase = (previous?.after ?? before)?.phase ?? "early";
      const added = holdOf(after.phase, item) - (was ? holdOf(phase, was) : 0);
      if (added !== 0) this.#facts.hold(tenant, item.resource, added);
    }
    for (const limit of verdict.crossed) this.#facts.cross(tenant, limit);
    for (const { resource, amount } of verdict.granted) this.#facts.consume(tenant, resource, amount);
    this.#changed.set(key, { before, after, decision: decision ?? previous?.decision });
  }
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
