import { TENANT_ID_PATTERN, UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { Attributes, AttributeValue } from "../../decode/attributes.ts";
import { jsonObject, scalarOf } from "../usage/attributes/json-object.ts";
import type { TenantAttributes } from "./tenant-attributes.ts";

export type Attribution =
  | { readonly kind: "attributed"; readonly tenantId: string }
  | { readonly kind: "rejected"; readonly reason: string; readonly claimedTenant: string };

/** A span, a data point or a log record: what it says itself, and what its resource says. */
interface Attributed {
  readonly attributes: Attributes;
  readonly resource: Attributes;
}

/** What a tenant is called in metadata that is one JSON text. */
const METADATA_FIELDS = ["tenant_id", "tenantId", "tenant.id", "customer_id", "customerId"];

/**
 * The tenant that a span, point or record belongs to: what it says itself, else its resource. No tenant, or one outside
 * the grammar, is the reserved `unattributed` (I6).
 *
 * @param allowed the tenants the producer's key may speak for, null = all; a claim to another one is rejected and says
 *   whose name was used (I13)
 * @param where where the tenant is looked for
 */
export function tenantOf(
  { attributes, resource }: Attributed,
  allowed: readonly string[] | null,
  where: TenantAttributes,
): Attribution {
  const claimed = claimIn(attributes, where) ?? claimIn(resource, where);
  const text = typeof claimed === "number" ? String(claimed) : claimed;
  if (typeof text !== "string" || !TENANT_ID_PATTERN.test(text) || text === UNATTRIBUTED_TENANT) {
    return { kind: "attributed", tenantId: UNATTRIBUTED_TENANT };
  }
  if (allowed !== null && !allowed.includes(text)) {
    return { kind: "rejected", reason: "foreign_tenant", claimedTenant: text };
  }
  return { kind: "attributed", tenantId: text };
}

function claimIn(attributes: Attributes, { names, jsonNames }: TenantAttributes): AttributeValue | undefined {
  const named = attributes.first(names);
  if (named !== undefined) return named;
  const metadata = jsonObject(attributes.first(jsonNames));
  if (metadata === null) return undefined;
  for (const field of METADATA_FIELDS) {
    const value = scalarOf(metadata, field);
    if (value !== undefined) return value;
  }
  return undefined;
}
