import type { TenantResolver } from "../resolve.ts";

/**
 * The tenant that a header names. Only for a header that a gateway of yours sets and strips from what callers send: anybody can
 * write one. `setTenantResolver(tenantFromHeader("x-tenant-id"))`.
 */
export function tenantFromHeader(name: string): TenantResolver {
  const header = name.toLowerCase();
  return ({ headers }) => {
    const value = headers[header];
    return typeof value === "string" ? value : null; // sent twice: nobody's
  };
}
