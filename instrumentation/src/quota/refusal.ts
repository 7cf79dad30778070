import type { ApiError, ReservationDecision, UsageLimitExceeded } from "@quotel/conventions";

import type { QuotaResponse } from "./http-shapes.ts";

/** Answers a request that is over its limits. */
export function refuseOverLimit(
  res: QuotaResponse,
  decision: ReservationDecision,
  headers: Readonly<Record<string, string>>,
  denyStatus: 429 | 403,
): void {
  send(res, denyStatus, denialOf(decision), headers);
}

/** What an end user is told of a denial, with the figures the decision was made on. Pure. */
export function denialOf(decision: ReservationDecision): UsageLimitExceeded {
  const denied = decision.items.filter((item) => !item.allowed);
  const first = denied[0];
  const message =
    first === undefined || decision.reason !== "QUOTA_EXCEEDED"
      ? `Usage limit: ${decision.reason ?? "denied"}`
      : `Usage limit reached: ${first.resource} per ${first.period ?? "period"}`;
  return {
    error: {
      code: "USAGE_LIMIT_EXCEEDED",
      message,
      details: {
        current_usage: Object.fromEntries(denied.map((item) => [item.resource, item.used])),
        limits: Object.fromEntries(denied.map((item) => [item.resource, item.limit])),
      },
    },
  };
}

/** Answers a request whose quota could not be decided (fail closed), or that is no known tenant's. */
export function refuseUndecided(res: QuotaResponse, status: 401 | 403 | 503, code: string, message: string): void {
  send(res, status, { error: { code, message } }, status === 503 ? { "retry-after": "1" } : {});
}

function send(res: QuotaResponse, status: number, body: ApiError, headers: Readonly<Record<string, string>>): void {
  if (res.headersSent || res.destroyed) return;
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.setHeader("content-type", "application/json; charset=utf-8");
  res.end(JSON.stringify(body));
}
