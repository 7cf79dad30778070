import fc from "fast-check";
import { exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import type { JWTPayload } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";

import { apiKeyMap, firstOf } from "../../../instrumentation/src/index.ts";
import { tenantFromJwt } from "../../../instrumentation/src/jwt.ts";
import type { JwtOptions } from "../../../instrumentation/src/jwt.ts";
import { startOtlpReceiver } from "../otlp-receiver.ts";
import { startScriptedProvider } from "../providers/scripted-provider.ts";
import { startApp } from "../start-app.ts";
import { startTokenIssuer } from "./token-issuer.ts";
import type { TokenIssuer } from "./token-issuer.ts";

let issuer: TokenIssuer;
beforeAll(async () => void (issuer = await startTokenIssuer()));
afterAll(() => issuer.close());

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const claims = (changed: JWTPayload = {}): JWTPayload => ({
  iss: "https://login",
  aud: "api",
  exp: inSeconds(600),
  org_id: "acme",
  ...changed,
});
const expected = { issuer: "https://login", audience: "api", claim: "org_id" } as const;
const request = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** What a resolver makes of a token. */
async function tenantIn(token: string, options: Partial<Pick<JwtOptions, "claim" | "issuer" | "audience">> = {}) {
  return tenantFromJwt({ jwksUrl: issuer.jwksUrl, ...expected, ...options })(request(token));
}

test("a token with a good signature names the tenant of its claim, by published keys and by a given one", async () => {
  const token = await issuer.sign(claims());
  expect(await tenantIn(token)).toBe("acme");
  const byKey = tenantFromJwt({ ...expected, key: issuer.publicKey, algorithms: ["ES256"] });
  expect(await byKey(request(token))).toBe("acme");
  const secret = new TextEncoder().encode("a secret that two services share");
  const shared = await new SignJWT(claims()).setProtectedHeader({ alg: "HS256" }).sign(secret);
  expect(await tenantFromJwt({ ...expected, key: secret, algorithms: ["HS256"] })(request(shared))).toBe("acme");
});

test("a claim may be found by a function, and where issuer and audience are not looked at, any will do", async () => {
  const token = await issuer.sign(claims({ iss: "https://else", aud: ["x"], org: { id: "umbrella" } }));
  const claim = ({ org }: JWTPayload) => (org as { readonly id: string }).id;
  expect(await tenantIn(token, { claim, issuer: null, audience: null })).toBe("umbrella");
});

test("a token that is expired, too early, without end, or of another issuer or audience names no tenant", async () => {
  const { exp: _, ...endless } = claims();
  const { iss: __, ...anonymous } = claims();
  const { aud: ___, ...general } = claims();
  const bad = [
    claims({ exp: inSeconds(-1) }),
    claims({ nbf: inSeconds(300) }),
    claims({ iss: "https://login.evil" }),
    claims({ aud: "other" }),
    claims({ aud: [] }),
    endless,
    anonymous,
    general,
  ];
  for (const payload of bad) expect(await tenantIn(await issuer.sign(payload)), JSON.stringify(payload)).toBeNull();
});

test("a claim that is missing, no text, or only inherited names no tenant", async () => {
  for (const org_id of [undefined, null, 7, ["acme"], { id: "acme" }]) {
    expect(await tenantIn(await issuer.sign(claims({ org_id })))).toBeNull();
  }
  expect(await tenantIn(await issuer.sign(claims()), { claim: "constructor" })).toBeNull();
});

test("a token that is unsigned, signed by another key or by another algorithm than the key's names no tenant", async () => {
  const stranger = await generateKeyPair("ES256");
  const header = { alg: "ES256", kid: "1" };
  const pem = new TextEncoder().encode(await exportSPKI(issuer.publicKey));
  const forged = [
    new UnsecuredJWT(claims()).encode(),
    await new SignJWT(claims()).setProtectedHeader(header).sign(stranger.privateKey),
    await new SignJWT(claims()).setProtectedHeader({ ...header, kid: "2" }).sign(stranger.privateKey),
    // The public key as if it were a shared secret.
    await new SignJWT(claims()).setProtectedHeader({ alg: "HS256", kid: "1" }).sign(pem),
    "no token",
    "a.b.c",
  ];
  for (const token of forged) {
    expect(await tenantIn(token), token).toBeNull();
    const byKey = tenantFromJwt({ ...expected, key: issuer.publicKey, algorithms: ["ES256"] });
    expect(await byKey(request(token)), token).toBeNull();
  }
});

test("a token changed anywhere names its true tenant or none", async () => {
  const token = await issuer.sign(claims());
  const resolve = tenantFromJwt({ ...expected, key: issuer.publicKey, algorithms: ["ES256"] });
  const place = fc.nat({ max: token.length - 1 });
  const letter = fc.stringMatching(/^[\w.-]$/);
  const runs = { numRuns: Number(process.env["QUOTEL_TEST_RUNS"] ?? 200) };
  const changed = fc.asyncProperty(place, letter, async (at, by) => {
    const found = await resolve(request(token.slice(0, at) + by + token.slice(at + 1)));
    // The last letter of a signature has bits that mean nothing.
    expect(found === null || found === "acme").toBe(true);
  });
  await fc.assert(changed, runs);
});

test("a token is verified once per request, and keys are fetched once", async () => {
  const before = issuer.asked();
  const resolve = tenantFromJwt({ jwksUrl: issuer.jwksUrl, ...expected });
  const one = request(await issuer.sign(claims()));
  expect(resolve(one)).toBe(resolve(one));
  expect([await resolve(one), await resolve(request(await issuer.sign(claims({ org_id: "b" }))))]).toEqual([
    "acme",
    "b",
  ]);
  expect(issuer.asked() - before).toBe(1);
});

test("keys that cannot be had are a failure, which ends a search; a token that does not hold is none, and the next is asked", async () => {
  const away = tenantFromJwt({ jwksUrl: "http://127.0.0.1:9/jwks.json", ...expected });
  const key = await issuer.sign(claims({ aud: "other" }));
  const keys = apiKeyMap({ [key]: "by-key" });
  await expect(firstOf(away, keys)(request(key))).rejects.toThrow("fetch failed");
  expect(await firstOf(tenantFromJwt({ jwksUrl: issuer.jwksUrl, ...expected }), keys)(request(key))).toBe("by-key");
});

test("an issuer that is out of order is asked once a second, not once for each request, and again when it is back", async () => {
  const resolve = tenantFromJwt({ jwksUrl: issuer.jwksUrl, ...expected });
  const token = await issuer.sign(claims());
  const before = issuer.asked();
  const startedMs = performance.now();
  issuer.status = 503;
  for (let n = 0; n < 50; n += 1) await expect(resolve(request(token))).rejects.toThrow("200 OK");
  expect(issuer.asked() - before).toBeLessThanOrEqual(1 + (performance.now() - startedMs) / 1_000);
  issuer.status = 200;
  const tenant = async () => Promise.resolve(resolve(request(token))).catch(() => null);
  await expect.poll(tenant, { timeout: 20_000 }).toBe("acme");
});

test("an app takes its tenants from tokens, and neither a bad token nor an issuer that is away hurts it", async () => {
  const receiver = await startOtlpReceiver();
  const provider = await startScriptedProvider();
  const file = new URL("./apps/resolving.ts", import.meta.url);
  const env = { QUOTEL_ENDPOINT: receiver.url, PROVIDER_URL: provider.url, JWKS_URL: issuer.jwksUrl };
  const app = await startApp({ file, env });
  const tenantsBy = async (token: string) => {
    receiver.spans.length = 0;
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const { status } = await fetch(`${app.url}/chat`, { method: "POST", headers, body: "{}" });
    const spans = [...(await receiver.waitFor("api_call", 1)), ...(await receiver.waitFor("chat", 1))];
    return [status, ...spans.map((span) => span.attributes["quotel.tenant.id"])];
  };
  try {
    issuer.status = 503;
    expect(await tenantsBy(await issuer.sign(claims()))).toEqual([200, undefined, undefined]);
    expect(app.stderr().match(/QUOTEL_TENANT_RESOLVER/g)).toHaveLength(1);
    issuer.status = 200;
    const ofGood = async () => tenantsBy(await issuer.sign(claims()));
    await expect.poll(ofGood, { timeout: 20_000 }).toEqual([200, "acme", "acme"]);
    expect(await tenantsBy(new UnsecuredJWT(claims()).encode())).toEqual([200, undefined, undefined]);
    expect(await tenantsBy(await issuer.sign(claims({ org_id: "no tenant" })))).toEqual([200, undefined, undefined]);
  } finally {
    await app.end("SIGKILL");
    await provider.close();
    await receiver.close();
  }
});
