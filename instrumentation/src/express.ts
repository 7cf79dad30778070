/** Express middleware: `app.use(["/chat"], enforceQuota())`. Needs no import of Express; any compatible framework will do. */
export { enforceQuota } from "./quota/enforce-quota.ts";
export type { EnforceQuotaOptions } from "./quota/enforce-quota.ts";
export type { QuotaRequest, QuotaResponse } from "./quota/http-shapes.ts";
