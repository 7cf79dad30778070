import { TENANT_ID_PATTERN, UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { DecodedSpan } from "../../decode/decoded-span.ts";
import { NAMES } from "./attribute-names.ts";
import { first } from "./first-attribute.ts";

export type Attribution =
  { readonly kind: "attributed"; readonly tenantId: string } | { readonly kind: "rejected"; readonly reason: string };

/**
 * The tenant a span's usage belongs to: what the span says, else its resource. No tenant, or one outside the grammar,
 * is the reserved `unattributed` (I6). `allowed` lists the tenants the producer's key may speak for, null = all (I13).
 */
export function attribute(span: DecodedSpan, allowed: readonly string[] | null): Attribution {
  const claimed = first(span.attributes, NAMES.tenant) ?? first(span.resource, NAMES.tenant);
  const text = typeof claimed === "number" ? String(claimed) : claimed;
  if (typeof text !== "string" || !TENANT_ID_PATTERN.test(text) || text === UNATTRIBUTED_TENANT) {
    return { kind: "attributed", tenantId: UNATTRIBUTED_TENANT };
  }
  if (allowed !== null && !allowed.includes(text)) return { kind: "rejected", reason: "foreign_tenant" };
  return { kind: "attributed", tenantId: text };
}
