import type { Pool } from "pg";
import { GroupCommit } from "#database/lanes/group-commit";
import { KnownTenants } from "#database/tenants/known-tenants";
import { isUnavailable } from "#database/sqlstate";
import type {
  CheckOutcome,
  CheckRequest,
  DecisionEngine,
  LeaseOutcome,
  PatchOutcome,
  ReserveOutcome,
} from "./contract.ts";
import { changeGroup } from "./change-group.ts";
import type { ChangeRequest } from "./change-group.ts";
import { checkGroup } from "./check-group.ts";
import { DenialLog } from "./denials/denial-log.ts";
import { failOpen } from "./away/fail-open.ts";
import { LaneWriters } from "./lane-writers.ts";
import { PlanLimits } from "./limit.ts";
import { closeAndSettleNow } from "./settle-now.ts";
import { admitGroup } from "./admit-group.ts";
import type { AdmitRequest } from "./admit-group.ts";

export interface DecisionEngineOptions {
  readonly pool: Pool;
  /** Plan of tenants that nobody has registered; null = they are unknown. */
  readonly defaultPlan: string | null;
  readonly log: { error(details: object, message: string): void };
  /** The instant (Unix milliseconds) to which telemetry is complete; null, the default, = unknown. */
  readonly telemetryMarkMs?: () => number | null;
}

const CHECKS_PER_SNAPSHOT_MAX = 200;

export function createDecisionEngine(options: DecisionEngineOptions): DecisionEngine {
  const { pool, defaultPlan, log, telemetryMarkMs = () => null } = options;
  const tenants = new KnownTenants(pool, defaultPlan);
  const sources = { planLimits: new PlanLimits(), telemetryMarkMs };
  // A check locks nothing, so all that wait share one snapshot, whatever their lanes.
  const checks = new GroupCommit<CheckRequest, CheckOutcome>({
    commit: (group) => checkGroup(pool, sources, defaultPlan, group),
    maxWeight: CHECKS_PER_SNAPSHOT_MAX,
  });
  const admissions = new LaneWriters<AdmitRequest, LeaseOutcome | PatchOutcome>((group, wait) =>
    admitGroup(pool, sources, group, wait),
  );
  const denials = new DenialLog(pool, log);
  const changes = new LaneWriters<ChangeRequest, PatchOutcome>((group) => changeGroup(pool, group));

  /** An outage is an answer too (I14); anything else is a bug and goes up. */
  const orWhenAway = async <T>(work: () => Promise<T>, away: () => T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      log.error({ err: error }, "the database is away");
      return away();
    }
  };
  const admit = async (request: AdmitRequest): Promise<LeaseOutcome | PatchOutcome> => {
    const outcome = await admissions.submit(request.tenantId, request);
    // Work whose lease is denied asks for itself, and is counted then.
    if (outcome.kind === "denied" && request.action !== "lease") denials.note(outcome.decision);
    return outcome;
  };
  const change = (work: () => Promise<PatchOutcome>): Promise<PatchOutcome> =>
    orWhenAway(work, () => ({ kind: "unavailable" }));

  return {
    check: (request) =>
      orWhenAway(
        () => checks.submit(request),
        () => ({ kind: "decided", decision: failOpen(request) }),
      ),
    reserve: (request, caller) =>
      orWhenAway(
        async () => {
          const known = await tenants.ensure([request.tenantId], caller.keyId);
          if (!known.has(request.tenantId)) {
            return { kind: defaultPlan === null ? "unknown_tenant" : "too_many_tenants" };
          }
          return (await admit({ action: "reserve", ...request })) as ReserveOutcome;
        },
        () => {
          const { reservationId } = request;
          const { items, ...decision } = failOpen(request);
          const granted = items.map((item) => ({ ...item, granted: item.requested }));
          return { kind: "reserved", decision: { ...decision, reservationId, expiresAt: null, items: granted } };
        },
      ),
    // Nothing is given away in advance on a guess: while the database is away there are no leases.
    lease: (request, caller) =>
      orWhenAway<LeaseOutcome>(
        async () => {
          const known = await tenants.ensure([request.tenantId], caller.keyId);
          if (!known.has(request.tenantId)) {
            return { kind: defaultPlan === null ? "unknown_tenant" : "too_many_tenants" };
          }
          return (await admit({ action: "lease", ...request })) as LeaseOutcome;
        },
        () => ({ kind: "unavailable" }),
      ),
    extend: (request) =>
      change(async () => {
        const known = await tenants.existing([request.tenantId]);
        if (!known.has(request.tenantId)) return { kind: "not_found" };
        return (await admit({ action: "extend", ...request })) as PatchOutcome;
      }),
    close: (request, caller) =>
      change(async () => {
        const known = await tenants.ensure([request.tenantId], caller.keyId);
        if (!known.has(request.tenantId)) return { kind: "not_found" };
        if (request.settle === "now") return closeAndSettleNow(pool, request, caller.keyId);
        return changes.submit(request.tenantId, { action: "close", ...request });
      }),
    release: async (request) => {
      const outcome = await change(async () => {
        const known = await tenants.existing([request.tenantId]);
        if (!known.has(request.tenantId)) return { kind: "not_found" };
        return changes.submit(request.tenantId, { action: "release", ...request });
      });
      return { kind: outcome.kind === "unavailable" ? "unavailable" : "released" };
    },
    async drain() {
      await Promise.all([checks.drained(), admissions.drained(), changes.drained()]);
      await denials.flush();
    },
  };
}
