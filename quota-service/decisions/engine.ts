import type { Decision } from "@quotel/conventions";
import type { Pool } from "pg";
import { GroupCommit } from "#database/lanes/group-commit";
import { KnownTenants } from "#database/tenants/known-tenants";
import { admitGroup } from "./admit-group.ts";
import type { AdmitRequest } from "./admission-desk.ts";
import { DatabaseGate } from "./away/database-gate.ts";
import { decideAway } from "./away/decide-away.ts";
import { changeGroup } from "./change-group.ts";
import type { ChangeRequest } from "./change-group.ts";
import { checkGroup } from "./check-group.ts";
import type {
  Caller,
  CheckOutcome,
  CheckRequest,
  DecisionEngine,
  LeaseOutcome,
  PatchOutcome,
  ReserveOutcome,
  ReserveRequest,
} from "./contract.ts";
import { DenialLog } from "./denials/denial-log.ts";
import { RememberedTenants } from "./facts/remembered-tenants.ts";
import { LaneWriters } from "./lane-writers.ts";
import { PlanLimits } from "./limit.ts";
import { closeAndSettleNow } from "./settle-now.ts";

export interface DecisionEngineOptions {
  readonly pool: Pool;
  /** Plan of tenants that nobody has registered; null = they are unknown. */
  readonly defaultPlan: string | null;
  readonly log: { error(details: object, message: string): void };
  /** The instant (Unix milliseconds) to which telemetry is complete; null, the default, = unknown. */
  readonly telemetryMarkMs?: () => number | null;
  /** Told of each decision that is made without the database. */
  readonly onDecidedAway?: (decision: Decision) => void;
}

const CHECKS_PER_SNAPSHOT_MAX = 200;

export function createDecisionEngine(options: DecisionEngineOptions): DecisionEngine {
  const { pool, defaultPlan, log, telemetryMarkMs = () => null, onDecidedAway = () => {} } = options;
  const tenants = new KnownTenants(pool, defaultPlan);
  const remembered = new RememberedTenants();
  const gate = new DatabaseGate(() => pool.query("select 1"), log);
  const denials = new DenialLog(pool, log);
  const sources = { planLimits: new PlanLimits(), remembered, telemetryMarkMs };
  // A check locks nothing, so all that wait share one snapshot, whatever their lanes.
  const checks = new GroupCommit<CheckRequest, CheckOutcome>({
    commit: (group) => gate.guard(() => checkGroup(pool, sources, defaultPlan, group)),
    maxWeight: CHECKS_PER_SNAPSHOT_MAX,
  });
  const admissions = new LaneWriters<AdmitRequest, LeaseOutcome | PatchOutcome>((group, wait, sent) =>
    gate.guard(() => admitGroup(pool, sources, group, wait, sent)),
  );
  const changes = new LaneWriters<ChangeRequest, PatchOutcome>((group, _wait, sent) =>
    gate.guard(() => changeGroup(pool, group, sent)),
  );

  const admit = async (request: AdmitRequest): Promise<LeaseOutcome | PatchOutcome> => {
    const outcome = await admissions.submit(request.tenantId, request);
    // Work whose lease is denied asks for itself, and is counted then.
    if (outcome.kind === "denied" && request.action !== "lease") denials.note(outcome.decision);
    return outcome;
  };
  /** The same for a tenant that has a row, or gets one. */
  const admitFor = async (caller: Caller, request: AdmitRequest): Promise<LeaseOutcome | PatchOutcome> => {
    const known = await tenants.ensure([request.tenantId], caller.keyId);
    if (known.has(request.tenantId)) return admit(request);
    return { kind: defaultPlan === null ? "unknown_tenant" : "too_many_tenants" };
  };
  /** An outage is an answer too (I14). */
  const away = (request: CheckRequest): Decision => {
    const decision = decideAway(request, remembered.recall(request.tenantId));
    onDecidedAway(decision);
    return decision;
  };
  const reserveAway = (request: ReserveRequest): ReserveOutcome => {
    const { items, ...rest } = away(request);
    const granted = items.map((item) => ({ ...item, granted: rest.allowed ? item.requested : 0 }));
    const decision = { ...rest, reservationId: request.reservationId, expiresAt: null, items: granted };
    if (decision.allowed) return { kind: "reserved", decision };
    denials.note(decision);
    return { kind: "denied", decision };
  };
  /** Closing and releasing twice is closing and releasing once; an extension that was made is not made again. */
  const change = (work: () => Promise<PatchOutcome>, again: boolean): Promise<PatchOutcome> =>
    gate.pass(work, () => ({ kind: "unavailable" }), again);

  return {
    isDatabaseAway: () => gate.isClosed,
    denialsDropped: () => denials.dropped,
    check: (request) =>
      gate.pass(
        () => checks.submit(request),
        () => ({ kind: "decided", decision: away(request) }),
        true,
      ),
    checkBatch: (requests) =>
      gate.pass(
        () => checkGroup(pool, sources, defaultPlan, requests),
        () => requests.map((request) => ({ kind: "decided", decision: away(request) })),
        true,
      ),
    reserve: (request, caller) =>
      gate.pass<ReserveOutcome>(
        async () => (await admitFor(caller, { action: "reserve", ...request })) as ReserveOutcome,
        () => reserveAway(request),
        true,
      ),
    // Nothing is given away in advance on a guess: while the database is away there are no leases.
    lease: (request, caller) =>
      gate.pass<LeaseOutcome>(
        async () => (await admitFor(caller, { action: "lease", ...request })) as LeaseOutcome,
        () => ({ kind: "unavailable" }),
        true,
      ),
    extend: (request) =>
      change(async () => {
        const known = await tenants.existing([request.tenantId]);
        if (!known.has(request.tenantId)) return { kind: "not_found" };
        return (await admit({ action: "extend", ...request })) as PatchOutcome;
      }, false),
    close: (request, caller) =>
      change(async () => {
        const known = await tenants.ensure([request.tenantId], caller.keyId);
        if (!known.has(request.tenantId)) return { kind: "not_found" };
        if (request.settle === "now") return closeAndSettleNow(pool, request, caller.keyId);
        return changes.submit(request.tenantId, { action: "close", ...request });
      }, true),
    release: async (request) => {
      const outcome = await change(async () => {
        const known = await tenants.existing([request.tenantId]);
        if (!known.has(request.tenantId)) return { kind: "not_found" };
        return changes.submit(request.tenantId, { action: "release", ...request });
      }, true);
      return { kind: outcome.kind === "unavailable" ? "unavailable" : "released" };
    },
    async drain() {
      await Promise.all([checks.drained(), admissions.drained(), changes.drained()]);
      gate.stop();
      await denials.flush();
    },
  };
}
