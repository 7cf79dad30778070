/** `@quotel/instrumentation/jwt`: the tenant that a verified token names. Needs the package `jose` (6) beside it. */
export { tenantFromJwt } from "./tenant/resolvers/tenant-from-jwt.ts";
export type { JwtKeys, JwtOptions } from "./tenant/resolvers/tenant-from-jwt.ts";
