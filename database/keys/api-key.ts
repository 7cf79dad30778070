import { hash } from "node:crypto";

/** `ingest` writes telemetry, `service` decides for any tenant, `tenant` reads its own usage, `admin` runs the platform. */
export type KeyKind = "ingest" | "service" | "tenant" | "admin";

/** Who a bearer token belongs to. */
export interface Key {
  readonly keyId: string;
  readonly kind: KeyKind;
  /** Tenants the holder may speak for; null = any. */
  readonly tenants: readonly string[] | null;
  /** Of an ingest key: the instrumentation scopes whose spans count; null = the default rules. */
  readonly countScopes: readonly string[] | null;
}

/** Hex SHA-256 of a token: all that is stored of it. Tokens are random and long, so no salt and no slow hash is needed. */
export function hashToken(token: string): string {
  return hash("sha256", token);
}
