import type { AuditContext } from "./audit-event.ts";
import { recordAudit } from "./record-audit.ts";

/** What went wrong: `error.*`, with the result `failure`. */
export const ErrorAudit = {
  /** `error.api_error`: `ErrorAudit.apiError("acme", { route: "/chat", statusCode: 502, error });` */
  apiError(
    tenantId: string,
    failure: AuditContext & { readonly route: string; readonly statusCode?: number; readonly error: unknown },
  ): void {
    const { route, statusCode, error, ...context } = failure;
    recordAudit(tenantId, "error.api_error", {
      entityType: "route",
      entityId: route,
      new: { statusCode },
      result: "failure",
      error,
      ...context,
    });
  },

  /** `error.quota_exceeded`: a limit refused work. */
  quotaExceeded(
    tenantId: string,
    denial: AuditContext & {
      readonly resource: string;
      readonly limit: number | null;
      readonly used: number;
      readonly requested?: number;
    },
  ): void {
    const { resource, limit, used, requested, ...context } = denial;
    recordAudit(tenantId, "error.quota_exceeded", {
      entityType: "limit",
      entityId: resource,
      new: { limit, used, requested },
      result: "failure",
      ...context,
    });
  },

  /** `error.security_violation`: somebody tried what they may not. */
  securityViolation(
    tenantId: string,
    violation: AuditContext & { readonly violation: string; readonly error?: unknown },
  ): void {
    const { violation: what, error, ...context } = violation;
    recordAudit(tenantId, "error.security_violation", {
      entityType: "security",
      entityId: what,
      result: "failure",
      error,
      ...context,
    });
  },
} as const;
