import type { EventEmitter } from "node:events";

import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_USER_ID,
} from "@quotel/conventions";

import { startStopwatch } from "../metering/clock.ts";
import type { Meter } from "../metering/meter.ts";
import type { UsageRecord } from "../metering/usage-record.ts";
import type { Holder, ServedRequest } from "../tenant/holder.ts";
import { holderStorage, requestHolders } from "../tenant/holders.ts";
import { newHolder, workFor } from "../tenant/tenant.ts";
import { whenTenantKnown } from "../tenant/when-known.ts";
import { routeOf } from "./route.ts";

/** A request that the app is answering. */
export interface ApiCall {
  /** Records it; only the first call counts. `statusCode`: undefined = no header was sent. */
  end(statusCode: number | undefined): void;
}

/** Begins one; `emitter` is what emits the request's events: the request itself, or its stream. */
export type BeginApiCall = (request: ServedRequest, emitter: EventEmitter) => ApiCall;

/** Begins a request and makes its holder current for the listeners that are about to run. Ignored ones make no event. */
export function beginApiCall(meter: Meter, request: ServedRequest, emitter: EventEmitter, ignored: boolean): ApiCall {
  const holder = newHolder(request, null, ignored);
  requestHolders().set(request, holder).set(emitter, holder);
  enter(holder, emitter);
  if (ignored) return { end() {} };
  const stopwatch = startStopwatch();
  let ended = false;
  return {
    end(statusCode) {
      if (ended) return;
      ended = true;
      meterApiCall(meter, request, holder, statusCode, stopwatch);
    },
  };
}

/**
 * Makes the holder current for the request's listeners. The body's events come from the connection's parser, which keeps the
 * context of whoever opened the connection; so they are emitted under the request's holder explicitly.
 */
function enter(holder: Holder, emitter: EventEmitter): void {
  const storage = holderStorage();
  storage.enterWith(holder);
  const emit = emitter.emit.bind(emitter) as (...args: readonly unknown[]) => boolean;
  Object.defineProperty(emitter, "emit", {
    configurable: true,
    writable: true,
    enumerable: false,
    value: (...args: readonly unknown[]) =>
      storage.getStore()?.request === holder.request ? emit(...args) : storage.run(holder, () => emit(...args)),
  });
}

function meterApiCall(
  meter: Meter,
  request: ServedRequest,
  holder: Holder,
  statusCode: number | undefined,
  stopwatch: ReturnType<typeof startStopwatch>,
): void {
  const { traceId, spanId } = holder;
  const { startMicros } = stopwatch;
  const endMicros = stopwatch.endMicros();
  const status = statusOf(statusCode, holder.refused);
  const method = request.method ?? "_OTHER";
  const route = routeOf(holder, request);
  whenTenantKnown(holder, (tenantId) => {
    const work = workFor(holder, tenantId);
    meter.record({
      eventType: "api_call",
      spanName: route === undefined ? method : `${method} ${route}`,
      traceId,
      spanId,
      parentSpanId: null,
      startMicros,
      endMicros,
      status,
      tenantId,
      reservationId: work?.reservationId ?? null,
      attributes: {
        [ATTR_HTTP_REQUEST_METHOD]: method,
        [ATTR_HTTP_ROUTE]: route,
        [ATTR_USER_ID]: holder.userId ?? undefined,
        [ATTR_HTTP_RESPONSE_STATUS_CODE]: statusCode,
        [ATTR_ERROR_TYPE]: status === "failed" ? String(statusCode ?? "aborted") : undefined,
      },
    });
    if (status !== "rate_limited") work?.consumed([{ resource: "api_calls", amount: 1 }]);
  });
}

/**
 * A request the app answered is a successful API call, 4xx included: the service did its part. Failed is what the app could
 * not answer: 5xx, or the caller was gone before any header. Both consume one `api_calls`; what our middleware refused none.
 */
function statusOf(statusCode: number | undefined, refused: boolean): UsageRecord["status"] {
  if (refused) return "rate_limited";
  return statusCode === undefined || statusCode >= 500 ? "failed" : "ok";
}
