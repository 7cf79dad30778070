import { ATTR_QUOTEL_TENANT_ID } from "@quotel/conventions";

/** Where the tenant of a span, point or record is looked for. */
export interface TenantAttributes {
  /** The first of them that is there counts; `quotel.tenant.id` is always the first. */
  readonly names: readonly string[];
  /** Where none of the names is there: attributes that hold a JSON object, which may name the tenant. */
  readonly jsonNames: readonly string[];
}

export type TenantAttributesResult =
  | { readonly kind: "attributes"; readonly attributes: TenantAttributes }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** Where the tenant is found when nothing is configured: ours, then what others call it, vendor by vendor. */
export const DEFAULT_TENANT_ATTRIBUTES: TenantAttributes = Object.freeze({
  names: [
    ATTR_QUOTEL_TENANT_ID,
    "tenant.id",
    "tenant_id",
    "traceloop.association.properties.customer_id",
    "traceloop.association.properties.tenant_id",
    "ai.telemetry.metadata.tenantId",
    "ai.telemetry.metadata.tenant_id",
    "ai.telemetry.metadata.customerId",
    "ai.telemetry.metadata.customer_id",
    "ai.settings.context.tenantId",
    "ai.settings.context.tenant_id",
    "langfuse.trace.metadata.tenant_id",
    "langfuse.trace.metadata.tenantId",
    "langfuse.trace.metadata.tenant.id",
    "langfuse.trace.metadata.customer_id",
    "langfuse.observation.metadata.tenant_id",
    "langfuse.observation.metadata.tenantId",
  ],
  /** OpenInference's `setMetadata`, pydantic-ai's `metadata`; Langfuse's. */
  jsonNames: ["metadata", "langfuse.trace.metadata"],
});

/** Every name is looked for in every span that does not have those before it. */
const NAMES_MAX = 32;
const NAME_LENGTH_MAX = 256;

/**
 * Reads a list of names with commas between them, purely; names every problem. The list replaces the default one, JSON
 * objects included, but for `quotel.tenant.id`: what our own instrumentation says is never overruled. Null = the default.
 */
export function readTenantAttributes(list: string | null): TenantAttributesResult {
  if (list === null) return { kind: "attributes", attributes: DEFAULT_TENANT_ATTRIBUTES };
  const listed = list.split(",").map((name) => name.trim());
  const others = listed[0] === ATTR_QUOTEL_TENANT_ID ? listed.slice(1) : listed;
  const problems: string[] = [];
  if (others.includes("")) problems.push("has an empty name");
  if (others.includes(ATTR_QUOTEL_TENANT_ID)) {
    problems.push(`has ${ATTR_QUOTEL_TENANT_ID} in a later place: it is always the first`);
  }
  for (const name of new Set(others.filter((name, at) => name !== "" && others.indexOf(name) !== at))) {
    problems.push(`names ${name} twice`);
  }
  for (const name of others) {
    if (/[\s\p{Cc}]/u.test(name)) problems.push(`has ${JSON.stringify(name)}, which is no attribute's name`);
    if (name.length > NAME_LENGTH_MAX) problems.push(`has a name of more than ${NAME_LENGTH_MAX} characters`);
  }
  const names = [ATTR_QUOTEL_TENANT_ID, ...others];
  if (names.length > NAMES_MAX) problems.push(`has more than ${NAMES_MAX} names`);
  return problems.length > 0
    ? { kind: "invalid", problems }
    : { kind: "attributes", attributes: { names, jsonNames: [] } };
}

/** What the decoders have to keep, for the tenant to be found. */
export function tenantAttributeNames({ names, jsonNames }: TenantAttributes): readonly string[] {
  return [...names, ...jsonNames];
}
