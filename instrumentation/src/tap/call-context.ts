import { randomBytes } from "node:crypto";

import { activeSpan } from "../process/open-telemetry.ts";
import { runtime } from "../process/runtime.ts";
import type { Work } from "../quota/work.ts";
import { tenantOf } from "../tenant/resolve.ts";
import { workFor } from "../tenant/tenant.ts";

/** On whose behalf a call is made. */
export interface CallContext {
  readonly tenantId: string | null;
  readonly work: Work | null;
  readonly traceId: string;
  readonly parentSpanId: string | null;
}

/**
 * Captures the context of a call, when `fetch` is called: in a stream's callback the current context would be the consumer's.
 * The trace is the app's own where it has one, else the request's.
 */
export function captureContext(): CallContext {
  const holder = runtime().storage.getStore();
  const tenantId = holder === undefined ? null : tenantOf(holder);
  const span = activeSpan();
  return {
    tenantId,
    work: holder === undefined ? null : workFor(holder, tenantId),
    traceId: span?.traceId ?? holder?.traceId ?? randomBytes(16).toString("hex"),
    parentSpanId: span?.spanId ?? (holder?.request ? holder.spanId : null),
  };
}
