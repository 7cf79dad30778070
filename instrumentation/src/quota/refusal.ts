import type { ApiError, ReservationDecision, UsageLimitExceeded } from "@quotel/conventions";

import type { QuotaResponse } from "./http-shapes.ts";

/** The answer to a request that is not admitted, whatever kind of server gives it. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ApiError;
}

/** Over its limits: the service's own headers, and what an end user is told. */
export function overLimit(
  decision: ReservationDecision,
  headers: Readonly<Record<string, string>>,
  status: 429 | 403,
): Refusal {
  return { status, headers, body: denialOf(decision) };
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

/** For another reason than usage. */
export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return { status, headers, body: { error: { code, message } } };
}

export const TENANT_REQUIRED = refusal(401, "TENANT_REQUIRED", "The request names no tenant");
export const TENANT_UNKNOWN = refusal(403, "TENANT_UNKNOWN", "The tenant is not registered");
export const QUOTA_UNAVAILABLE = refusal(503, "QUOTA_UNAVAILABLE", "Usage limits cannot be checked at the moment", {
  "retry-after": "1",
});

/** Refuses over Node's response, unless something else has answered. */
export function send(res: QuotaResponse, { status, headers, body }: Refusal): void {
  if (res.headersSent || res.destroyed) return;
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.setHeader("content-type", "application/json; charset=utf-8");
  res.end(JSON.stringify(body));
}

/** Refuses as a fetch handler does. */
export function responseOf({ status, headers, body }: Refusal): Response {
  return Response.json(body, { status, headers });
}
