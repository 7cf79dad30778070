import type { QuotaItem } from "@quotel/conventions";
import { z } from "zod";
import { featureSchema } from "#database/plans/catalogue";
import type { Parsed } from "../http/refusal.ts";
import { tenantIdSchema } from "../http/tenancy.ts";
import { isObject, parse, parseBody } from "../http/validation.ts";
import { quotaItemFields, toQuotaItem } from "../quota/items.ts";

/** What an upgrade is to allow. */
export type UpgradeBody = {
  readonly tenantId?: string | undefined;
} & ({ readonly feature: string; readonly item?: never } | { readonly item: QuotaItem; readonly feature?: never });

const tenant = { tenantId: tenantIdSchema.optional() };
const featureBody = z.strictObject({ ...tenant, feature: featureSchema });
const amountBody = z
  .strictObject({ ...tenant, ...quotaItemFields })
  .transform(({ tenantId, ...raw }, context) => ({ tenantId, item: toQuotaItem(raw, context) }));
const featurePath = z.object({ feature: featureSchema });

/** `POST /v1/quota/suggest-upgrade`: a feature, or a resource and an amount. */
export function readUpgradeBody(body: unknown): Parsed<UpgradeBody> {
  return isObject(body) && "feature" in body ? parseBody(featureBody, body) : parseBody(amountBody, body);
}

/** The feature in a path. */
export function readFeature(feature: string): Parsed<string> {
  const read = parse(featurePath, { feature });
  return read.ok ? { ok: true, value: read.value.feature } : read;
}
