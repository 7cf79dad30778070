import { TENANT_ID_PATTERN, UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { AttributeValue } from "../../decode/attributes.ts";
import { jsonObject, scalarOf } from "./attributes/json-object.ts";
import { SLOT, type Slots } from "./attributes/slots.ts";

export type Attribution =
  | { readonly kind: "attributed"; readonly tenantId: string }
  | { readonly kind: "rejected"; readonly reason: string; readonly claimedTenant: string };

/** What a tenant is called in metadata that is one JSON text. */
const METADATA_FIELDS = ["tenant_id", "tenantId", "tenant.id", "customer_id", "customerId"];

/**
 * The tenant a span's usage belongs to: what the span says, else its resource. No tenant, or one outside the grammar,
 * is the reserved `unattributed` (I6). `allowed` lists the tenants the producer's key may speak for, null = all; a claim
 * to another one is rejected and says whose name was used (I13).
 */
export function attribute(slots: Slots, resource: Slots, allowed: readonly string[] | null): Attribution {
  const claimed = claimIn(slots) ?? claimIn(resource);
  const text = typeof claimed === "number" ? String(claimed) : claimed;
  if (typeof text !== "string" || !TENANT_ID_PATTERN.test(text) || text === UNATTRIBUTED_TENANT) {
    return { kind: "attributed", tenantId: UNATTRIBUTED_TENANT };
  }
  if (allowed !== null && !allowed.includes(text)) {
    return { kind: "rejected", reason: "foreign_tenant", claimedTenant: text };
  }
  return { kind: "attributed", tenantId: text };
}

function claimIn(slots: Slots): AttributeValue | undefined {
  const named = slots.get(SLOT.tenant);
  if (named !== undefined) return named;
  const text = slots.get(SLOT.metadataJson);
  if (text === undefined) return undefined;
  const metadata = jsonObject(text);
  if (metadata === null) return undefined;
  for (const field of METADATA_FIELDS) {
    const value = scalarOf(metadata, field);
    if (value !== undefined) return value;
  }
  return undefined;
}
