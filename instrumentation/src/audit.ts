/** `@quotel/instrumentation/audit`: what happened to a tenant, for its audit trail. */
export { recordAudit } from "./audit/record-audit.ts";
export type { AuditContext, AuditDetails } from "./audit/audit-event.ts";
export { TrialAudit } from "./audit/trial-audit.ts";
export { KBAudit } from "./audit/kb-audit.ts";
export { ChatAudit } from "./audit/chat-audit.ts";
export { ConfigAudit } from "./audit/config-audit.ts";
export { ErrorAudit } from "./audit/error-audit.ts";
