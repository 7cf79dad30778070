import { TENANT_ID_PATTERN, UNATTRIBUTED_TENANT } from "@quotel/conventions";
import { z } from "zod";
import type { Key } from "#database/keys/api-key";
import type { ApiRequest } from "./request.ts";
import { invalidRequest } from "./refusal.ts";
import type { Parsed, Refusal } from "./refusal.ts";
import { parse } from "./validation.ts";

/** A tenant id that a caller may name. */
export const tenantIdSchema = z
  .string()
  .regex(TENANT_ID_PATTERN, "must be 1 to 128 of A-Z a-z 0-9 . _ : @ - and begin with a letter or digit")
  .refine((id) => id !== UNATTRIBUTED_TENANT, `must not be the reserved "${UNATTRIBUTED_TENANT}"`);

const querySchema = z.strictObject({ tenantId: tenantIdSchema.optional() });

/**
 * The tenant a request is about: named in the body or by `?tenantId=`, and for a key that is bound to one tenant that
 * one by default. 403 for a tenant the key does not speak for (I13).
 */
export function tenantOf(req: ApiRequest, key: Key, fromBody: string | undefined): Parsed<string> {
  if (Object.keys(req.query).length === 0) return chooseTenant(key, fromBody);
  const query = parse(querySchema, req.query);
  if (!query.ok) return query;
  const fromQuery = query.value.tenantId;
  if (fromBody !== undefined && fromQuery !== undefined && fromBody !== fromQuery) {
    return invalid("names another tenant in the body than in the query");
  }
  return chooseTenant(key, fromBody ?? fromQuery);
}

/** Applies a key's binding to the tenant that was named, if any. */
export function chooseTenant(key: Key, named: string | undefined): Parsed<string> {
  const bound = boundTenants(key);
  const tenantId = named ?? (bound?.length === 1 ? bound[0] : undefined);
  if (tenantId === undefined) return invalid("is required");
  if (bound !== null && !bound.includes(tenantId)) return { ok: false, refusal: foreignTenant(tenantId) };
  return { ok: true, value: tenantId };
}

/** A tenant's key speaks for nobody until it is bound. */
function boundTenants({ kind, tenants }: Key): readonly string[] | null {
  return kind === "tenant" ? (tenants ?? []) : tenants;
}

function invalid(message: string): Parsed<never> {
  return { ok: false, refusal: invalidRequest([{ path: "tenantId", message }]) };
}

function foreignTenant(tenantId: string): Refusal {
  return { status: 403, code: "FORBIDDEN", message: `This key does not speak for tenant "${tenantId}"` };
}
