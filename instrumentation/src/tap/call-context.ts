import { randomHex } from "../process/crypto.ts";
import type { Meter } from "../metering/meter.ts";
import type { UsageRecord } from "../metering/usage-record.ts";
import { activeContext, activeSpanIds } from "../open-telemetry/app-api.ts";
import type { AppContext } from "../open-telemetry/app-api.ts";
import type { Work } from "../quota/work.ts";
import type { Holder } from "../tenant/holder.ts";
import { holderStorage } from "../tenant/holders.ts";
import { tenantOf } from "../tenant/resolve.ts";
import { workFor } from "../tenant/tenant.ts";
import { whenTenantKnown } from "../tenant/when-known.ts";

/** On whose behalf a call is made. */
export interface CallContext {
  /** Null: not known, or not yet. */
  readonly tenantId: string | null;
  /** As it is to be recorded; null: not known, or not yet. */
  readonly userId: string | null;
  readonly holder: Holder | undefined;
  readonly work: Work | null;
  readonly traceId: string;
  readonly parentSpanId: string | null;
  /** The context of the app's own tracing; undefined where it has none. */
  readonly appContext: AppContext | undefined;
}

/**
 * Captures the context of a call, when `fetch` is called: in a stream's callback the current context would be the consumer's.
 * The trace is the app's own where it has one, else the request's.
 */
export function captureContext(): CallContext {
  const holder = holderStorage().getStore();
  const tenantId = holder === undefined ? null : tenantOf(holder);
  const appContext = activeContext();
  const span = activeSpanIds(appContext);
  return {
    tenantId,
    userId: holder?.userId ?? null,
    holder,
    work: holder === undefined ? null : workFor(holder, tenantId),
    traceId: span?.traceId ?? holder?.traceId ?? randomHex(16),
    parentSpanId: span?.spanId ?? (holder?.request && !holder.ignored ? holder.spanId : null),
    appContext,
  };
}

/** A call's tenant as far as it is known by now: the one it was made for, else the one its request has. */
export function tenantByNow({ tenantId, holder }: CallContext): string | null {
  return tenantId ?? (holder === undefined ? null : tenantOf(holder));
}

/**
 * Records a call for the tenant that its context names. Where the tenant was not known when the call was made (before
 * authentication, say), it is the one its request has by now, or is about to have.
 */
export function recordCall(
  meter: Meter,
  { tenantId: knownId, holder }: CallContext,
  record: Omit<UsageRecord, "tenantId">,
): void {
  if (knownId !== null || holder === undefined) return meter.record({ ...record, tenantId: knownId });
  whenTenantKnown(holder, (tenantId) => meter.record({ ...record, tenantId }));
}
