import { withMeter } from "../process/with-meter.ts";
import { captureContext } from "../tap/call-context.ts";
import { acceptTenantId } from "../tenant/resolve.ts";
import { userFor } from "../tenant/tenant.ts";
import { problemOf } from "./problem.ts";
import { recordOf } from "./record-of.ts";
import { amountsOf } from "../quota/amounts.ts";
import type { UsageReport } from "./usage-report.ts";

/**
 * Records usage that is not seen on the wire: minutes of a call, rows of an import, a model that runs in the process, what a
 * provider bills later. It goes the way of all usage (spool, numbered, counted once), settles the reservation it happens
 * under, and never throws: what cannot be counted is ignored, with a warning. A tenant id that is none is unattributed.
 *
 * Calls that `register` sees are recorded already; saying them again counts them again.
 *
 *     recordUsage({ tenantId: "acme", resource: "agent_minutes", amount: startedMinutes(callMs) });
 *     recordUsage({ tenantId: "acme", eventType: "embedding", model: "bge-m3", inputTokens: 412, metadata: { site_id: "s1" } });
 *     recordUsage({ tenantId: "acme", resource: "memory_storage", amount: -storageBytes(deleted) });
 */
export function recordUsage(report: UsageReport): void {
  withMeter("recordUsage", (meter) => {
    const problem = problemOf(report);
    if (problem !== null) return problem;
    const current = captureContext();
    const tenantId = report.tenantId === undefined ? current.tenantId : acceptTenantId(report.tenantId);
    const work = current.work?.tenantId === tenantId && !((report.amount ?? 0) < 0) ? current.work : null;
    const record = recordOf(report, { ...current, tenantId, work, userId: userFor(current, tenantId) });
    meter.record(record);
    const { resource, amount } = report;
    work?.consumed(
      amountsOf(record.eventType, record.status, report, resource === undefined ? null : { resource, amount }),
    );
    return null;
  });
}

/** Minutes as they are billed: every started one, for `agent_minutes` and the like. */
export function startedMinutes(durationMs: number): number {
  return Math.ceil(durationMs / 60_000);
}
