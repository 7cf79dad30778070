/**
 * Meters what a Node app does for its tenants. `node --import @quotel/instrumentation/register app.js` installs it; this
 * module is what the app's own code may use beside it.
 */
export { recordUsage, startedMinutes } from "./usage/record-usage.ts";
export { trackUsage } from "./usage/track-usage.ts";
export type { UsageTracker, TrackedResult } from "./usage/track-usage.ts";
export type { UsageReport, UsageMetadata, ModelUsage } from "./usage/usage-report.ts";
export { estimateTokens } from "./usage/estimate/estimate-tokens.ts";
export type { TokenEstimate } from "./usage/estimate/estimate-tokens.ts";
export { reportLevel, changeLevel } from "./levels/report-level.ts";
export { storageBytes, readableBytes } from "./levels/storage-bytes.ts";
export type { StoredItem } from "./levels/storage-bytes.ts";
export { withTenant, setTenant, setUser, setTenantResolver, currentTenant, setRoute } from "./tenant/tenant.ts";
export type { TenantAnswer, TenantResolver } from "./tenant/resolve.ts";
export { apiKeyMap } from "./tenant/resolvers/api-key-map.ts";
export type { ApiKeyMapOptions } from "./tenant/resolvers/api-key-map.ts";
export { firstOf } from "./tenant/resolvers/first-of.ts";
export { tenantFrom } from "./tenant/resolvers/tenant-from.ts";
export { tenantFromHeader } from "./tenant/resolvers/tenant-from-header.ts";
export type { ServedRequest } from "./tenant/holder.ts";
export { flush, shutdown } from "./process/flush.ts";
export { meteringCounters } from "./process/counters.ts";
export type { ProcessCounters } from "./process/counters.ts";
export { QuotaClient } from "./quota/client/quota-client.ts";
export type { QuotaClientOptions, CustomQuota } from "./quota/client/quota-client.ts";
export type {
  CheckOutcome,
  LeaseOutcome,
  ReserveOutcome,
  PatchOutcome,
  EnforceOutcome,
} from "./quota/client/outcomes.ts";
export type { ReadOutcome } from "./quota/client/answers.ts";
export { LeasedQuota } from "./quota/lease/leased-quota.ts";
export type { LeasedQuotaOptions } from "./quota/lease/leased-quota.ts";
export type { Admission, AdmitOutcome } from "./quota/lease/admission.ts";
/** The same for fetch handlers: `export const POST = withUsageEnforcement(handle, { items, tenant });`. */
export { withUsageEnforcement } from "./quota/with-usage-enforcement.ts";
export type { UsageEnforcementOptions } from "./quota/with-usage-enforcement.ts";
