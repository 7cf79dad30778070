import { AsyncLocalStorage } from "node:async_hooks";

import type { Meter } from "../metering/meter.ts";
import type { Holder } from "../tenant/holder.ts";
import type { Propagation } from "../tenant/propagation/propagation.ts";
import type { TenantResolver } from "../tenant/resolve.ts";
import type { UserIds } from "../tenant/user/user-ids.ts";

/** The state of which a process has one, however many copies of this package it loads. */
export interface Runtime {
  readonly storage: AsyncLocalStorage<Holder>;
  /** Header that carries the tenant; null = no header is trusted. */
  tenantHeader: string | null;
  tenantResolver: TenantResolver | null;
  /** Null: what other services say of tenants is not listened to. */
  propagation: Propagation | null;
  /** What becomes of the ids of users. */
  userIds: UserIds;
  /** The holders of requests under way, by `Holder.request` and, over HTTP/2, by the stream. */
  readonly holders: WeakMap<object, Holder>;
  /** Records that wait for their tenants; each is made, without one, when it is called. */
  readonly undecided: Set<() => void>;
  /** Whether provider calls become spans of the app's own tracing, too (`QUOTEL_TRACE_SPANS`). */
  traceSpans: boolean;
  /** Null until something is installed: nothing is metered then. */
  meter: Meter | null;
  /** Work that should end before the process does: closes of reservations, tenants being found. */
  readonly background: Set<Promise<unknown>>;
  /** What gives back, before the process ends, what it holds for work to come: leases. */
  readonly beforeEnd: Set<() => void>;
  /** Decisions taken without the quota service, by all clients of the process. */
  readonly decidedAlone: { failOpen: number; failClosed: number };
  /** Warnings already given, so that each is given once. */
  readonly warned: Set<string>;
}

const RUNTIME = Symbol.for("quotel.runtime");

/**
 * The process's runtime, made at the first use. It hangs on `globalThis` because `--import .../register` and the app's own
 * import may resolve to different copies of the package, and both must see the same tenant.
 */
export function runtime(): Runtime {
  const scope = globalThis as { [RUNTIME]?: Runtime };
  scope[RUNTIME] ??= {
    storage: new AsyncLocalStorage<Holder>(),
    tenantHeader: null,
    tenantResolver: null,
    propagation: null,
    userIds: { kind: "drop", isDefault: false },
    holders: new WeakMap(),
    undecided: new Set(),
    traceSpans: true,
    meter: null,
    background: new Set(),
    beforeEnd: new Set(),
    decidedAlone: { failOpen: 0, failClosed: 0 },
    warned: new Set(),
  };
  return scope[RUNTIME];
}
