import { crypto } from "../../process/crypto.ts";
import type { ServedRequest } from "../holder.ts";
import type { TenantAnswer, TenantResolver } from "../resolve.ts";
import { bearerToken } from "./bearer-token.ts";

export interface ApiKeyMapOptions {
  /** Where a request carries its key. Default: `Authorization: Bearer ...`, else `X-Api-Key`. */
  readonly key?: (request: ServedRequest) => string | undefined;
  /** Keys whose tenants a lookup function has found are remembered: so many. Default 10 000. */
  readonly cacheMax?: number;
  /** And for so long, in milliseconds: a revoked key goes on naming its tenant until then. Default 60 000. */
  readonly cacheMs?: number;
}

/**
 * The tenant whose API key a request carries, from a table (`apiKeyMap({ "sk-1": "acme" })`) or from a function that looks it up.
 * Keys are compared by their SHA-256, so the time it takes tells nothing about one, and none is kept. Unknown keys are looked
 * up each time: remembering them would let a caller fill the memory with guesses.
 */
export function apiKeyMap(
  keys: Readonly<Record<string, string>> | ((key: string) => TenantAnswer | PromiseLike<TenantAnswer>),
  options: ApiKeyMapOptions = {},
): TenantResolver {
  const keyOf = options.key ?? keyOfRequest;
  const tenantOfKey = typeof keys === "function" ? remembering(keys, options) : fromTable(keys);
  return (request) => {
    const key = keyOf(request);
    return key === undefined || key === "" ? null : tenantOfKey(key);
  };
}

function fromTable(keys: Readonly<Record<string, string>>): (key: string) => TenantAnswer {
  const table = new Map(Object.entries(keys).map(([key, tenantId]) => [digest(key), tenantId]));
  return (key) => table.get(digest(key)) ?? null;
}

function remembering(
  lookUp: (key: string) => TenantAnswer | PromiseLike<TenantAnswer>,
  { cacheMax = 10_000, cacheMs = 60_000 }: ApiKeyMapOptions,
): (key: string) => TenantAnswer | PromiseLike<TenantAnswer> {
  const cache = new Map<string, { readonly tenantId: string; readonly until: number }>();
  return (key) => {
    const hash = digest(key);
    const known = cache.get(hash);
    if (known !== undefined && known.until > performance.now()) return known.tenantId;
    cache.delete(hash);
    const keep = (tenantId: TenantAnswer) => {
      if (typeof tenantId !== "string") return tenantId;
      const [oldest] = cache.keys();
      if (cache.size >= cacheMax && oldest !== undefined) cache.delete(oldest);
      cache.set(hash, { tenantId, until: performance.now() + cacheMs });
      return tenantId;
    };
    const answer = lookUp(key);
    return typeof answer === "object" && answer !== null ? answer.then(keep) : keep(answer);
  };
}

function keyOfRequest(request: ServedRequest): string | undefined {
  const header = request.headers["x-api-key"];
  return bearerToken(request) ?? (typeof header === "string" ? header : undefined);
}

function digest(key: string): string {
  return crypto().createHash("sha256").update(key).digest("base64");
}
