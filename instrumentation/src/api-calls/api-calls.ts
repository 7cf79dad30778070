import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";

import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
} from "@quotel/conventions";

import { startStopwatch } from "../metering/clock.ts";
import type { Stopwatch } from "../metering/clock.ts";
import type { Meter } from "../metering/meter.ts";
import type { UsageRecord } from "../metering/usage-record.ts";
import { runtime } from "../process/runtime.ts";
import type { Holder } from "../tenant/holder.ts";
import { tenantOf } from "../tenant/resolve.ts";
import { newHolder, workFor } from "../tenant/tenant.ts";
import { routeOf } from "./route.ts";

/**
 * Meters every request that an HTTP server of this process answers, whatever the framework and module system. Node publishes
 * the start synchronously before the 'request' listeners run; 'close' is the one event every response ends with.
 */
export function installApiCalls(meter: Meter): void {
  subscribe("http.server.request.start", (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const holder = newHolder(request);
    const stopwatch = startStopwatch();
    response.once("close", () => meterApiCall(meter, request, response, holder, stopwatch));
    enter(holder, request);
  });
}

/**
 * Makes the holder current for the request's listeners. The body's events come from the connection's parser, which keeps the
 * context of whoever opened the connection; so they are emitted under the request's holder explicitly.
 */
function enter(holder: Holder, request: IncomingMessage): void {
  const { storage } = runtime();
  storage.enterWith(holder);
  const emit = request.emit.bind(request) as (...args: readonly unknown[]) => boolean;
  Object.defineProperty(request, "emit", {
    configurable: true,
    writable: true,
    enumerable: false,
    value: (...args: readonly unknown[]) =>
      storage.getStore()?.request === request ? emit(...args) : storage.run(holder, () => emit(...args)),
  });
}

function meterApiCall(
  meter: Meter,
  request: IncomingMessage,
  response: ServerResponse,
  holder: Holder,
  stopwatch: Stopwatch,
): void {
  const tenantId = tenantOf(holder);
  const work = workFor(holder, tenantId);
  const statusCode = response.headersSent ? response.statusCode : undefined;
  const status = statusOf(statusCode, holder.refused);
  const method = request.method ?? "_OTHER";
  const route = routeOf(request);
  meter.record({
    eventType: "api_call",
    spanName: route === undefined ? method : `${method} ${route}`,
    traceId: holder.traceId,
    spanId: holder.spanId,
    parentSpanId: null,
    startMicros: stopwatch.startMicros,
    endMicros: stopwatch.endMicros(),
    status,
    tenantId,
    reservationId: work?.reservationId ?? null,
    attributes: {
      [ATTR_HTTP_REQUEST_METHOD]: method,
      [ATTR_HTTP_ROUTE]: route,
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: statusCode,
      [ATTR_ERROR_TYPE]: status === "failed" ? String(statusCode ?? "aborted") : undefined,
    },
  });
  if (status !== "rate_limited") work?.consumed([{ resource: "api_calls", amount: 1 }]);
}

/**
 * A request the app answered is a successful API call, 4xx included: the service did its part. Failed is what the app could
 * not answer: 5xx, or the caller was gone before any header. Both consume one `api_calls`; what our middleware refused none.
 */
function statusOf(statusCode: number | undefined, refused: boolean): UsageRecord["status"] {
  if (refused) return "rate_limited";
  return statusCode === undefined || statusCode >= 500 ? "failed" : "ok";
}
