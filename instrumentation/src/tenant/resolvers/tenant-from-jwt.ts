import { createRemoteJWKSet, jwtVerify } from "jose";
import type { CryptoKey, JWK, JWTPayload, JWTVerifyGetKey, KeyObject } from "jose";

import type { ServedRequest } from "../holder.ts";
import type { TenantAnswer, TenantResolver } from "../resolve.ts";
import { bearerToken } from "./bearer-token.ts";

/** What tokens are verified with. */
export type JwtKeys =
  | {
      /** Where the issuer publishes its public keys. They are kept for 10 minutes; an unknown one is asked for at most every 30 s. */
      readonly jwksUrl: string | URL;
      /** Default: whatever the published keys are for; shared secrets never are. */
      readonly algorithms?: readonly string[];
    }
  | {
      /** A public key, or a shared secret as bytes. */
      readonly key: KeyObject | CryptoKey | JWK | Uint8Array;
      /** What the key is for, e.g. `["RS256"]`: a token that says otherwise is refused. */
      readonly algorithms: readonly string[];
    };

export type JwtOptions = JwtKeys & {
  /** The claim whose value is the tenant's id, e.g. `org_id`; or a function that finds it in verified claims. */
  readonly claim: string | ((claims: JWTPayload) => unknown);
  /** Who must have issued the token (`iss`). Null: not looked at; only where the key is of one issuer. */
  readonly issuer: string | readonly string[] | null;
  /** Whom the token must be for (`aud`). Null: not looked at; tokens that your issuer made for others name tenants then, too. */
  readonly audience: string | readonly string[] | null;
  /** By how many seconds the issuer's clock may be off. Default 0. */
  readonly clockToleranceSeconds?: number;
  /** Where a request carries its token. Default: `Authorization: Bearer ...`. */
  readonly token?: (request: ServedRequest) => string | undefined;
};

/** For so long after a failure to get keys nobody asks for them again: an issuer that is down is not asked once for each request. */
const COOL_DOWN_MS = 1_000;

/** jose's codes for what is wrong with a token itself. Anything else is the operator's affair: keys out of reach, or no such keys. */
const FAULTS_OF_TOKENS = new Set([
  "ERR_JWT_INVALID",
  "ERR_JWT_EXPIRED",
  "ERR_JWT_CLAIM_VALIDATION_FAILED",
  "ERR_JWS_INVALID",
  "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
  "ERR_JOSE_ALG_NOT_ALLOWED",
  "ERR_JOSE_NOT_SUPPORTED",
  "ERR_JWKS_NO_MATCHING_KEY",
  "ERR_JWKS_MULTIPLE_MATCHING_KEYS",
]);

/**
 * The tenant in a claim of the token that a request carries:
 *
 *     setTenantResolver(
 *       tenantFromJwt({
 *         jwksUrl: "https://login.example.com/.well-known/jwks.json",
 *         issuer: "https://login.example.com/",
 *         audience: "https://api.example.com",
 *         claim: "org_id",
 *       }),
 *     );
 *
 * Only a token whose signature, issuer, audience and times (RFC 7519, section 4.1; `exp` is compulsory) hold names a tenant; any
 * other is as good as none, and the next resolver of a `firstOf` is asked. Keys that cannot be had are a failure (one warning, no
 * tenant), and are asked for again after a second. A token is verified once per request, so one that expires while it is served goes on counting.
 */
export function tenantFromJwt(options: JwtOptions): TenantResolver {
  const { claim, token: tokenOf = bearerToken } = options;
  const verify = verifierOf(options);
  const verdicts = new WeakMap<ServedRequest, Promise<TenantAnswer>>();

  async function judge(token: string): Promise<TenantAnswer> {
    const claims = await verify(token);
    if (claims === null) return null;
    const tenantId = typeof claim === "function" ? claim(claims) : claims[claim];
    return typeof tenantId === "string" ? tenantId : null;
  }

  return (request) => {
    const known = verdicts.get(request);
    if (known !== undefined) return known;
    const token = tokenOf(request);
    if (token === undefined || token === "") return null;
    const verdict = judge(token);
    verdicts.set(request, verdict);
    return verdict;
  };
}

/** Gives the claims of a token that holds, and null for one that does not. Rejects if that cannot be told. */
function verifierOf(options: JwtOptions): (token: string) => Promise<JWTPayload | null> {
  const { issuer, audience, algorithms, clockToleranceSeconds = 0 } = options;
  const keys: JWTVerifyGetKey =
    "jwksUrl" in options ? coolingDown(createRemoteJWKSet(new URL(options.jwksUrl))) : () => options.key;
  const expected = {
    requiredClaims: ["exp"],
    clockTolerance: clockToleranceSeconds,
    ...(issuer !== null && { issuer: listOf(issuer) }),
    ...(audience !== null && { audience: listOf(audience) }),
    ...(algorithms !== undefined && { algorithms: [...algorithms] }),
  };
  return async (token) => {
    try {
      return (await jwtVerify(token, keys, expected)).payload;
    } catch (err) {
      if (FAULTS_OF_TOKENS.has(codeOf(err))) return null;
      throw err;
    }
  };
}

/** The same keys; a failure to get them is everybody's until it has cooled down. */
function coolingDown(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  let failure: { readonly err: unknown; readonly atMs: number } | null = null;
  return async (header, token) => {
    if (failure !== null && performance.now() - failure.atMs < COOL_DOWN_MS) throw failure.err;
    try {
      return await keys(header, token);
    } catch (err) {
      if (!FAULTS_OF_TOKENS.has(codeOf(err))) failure = { err, atMs: performance.now() };
      throw err;
    }
  };
}

function listOf(names: string | readonly string[]): string[] {
  return typeof names === "string" ? [names] : [...names];
}

function codeOf(err: unknown): string {
  const { code } = Object(err) as { readonly code?: unknown };
  return typeof code === "string" ? code : "";
}
