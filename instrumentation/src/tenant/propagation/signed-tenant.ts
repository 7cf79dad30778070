import { crypto } from "../../process/crypto.ts";

/** The header by which one service of an operator tells another whom a request is for. */
export const TENANT_HEADER = "quotel-tenant";

/** How long a header holds, and by how much the two clocks may differ. In seconds. */
const VALID_SECONDS = 60;

/** Version, Unix seconds, tenant (whose grammar has no semicolon) and HMAC-SHA256 in base64url. */
const SIGNED = /^v1;(?<seconds>\d{1,12});(?<tenantId>[A-Za-z0-9._:@-]{1,128});(?<mac>[A-Za-z0-9_-]{43})$/;

/** Why a header names no tenant. `forged`: signed by a key of nobody's, or for another host. */
export type Verdict =
  | { readonly kind: "signed"; readonly tenantId: string }
  | { readonly kind: "refused"; readonly reason: "malformed" | "forged" | "expired" };

/**
 * The header's value for one request: `v1;1767225600;acme;<mac>`. It is good for a minute and at one host, so that whoever gets
 * to see it can do little with it. Pure.
 *
 * @param host name of the host that is asked, lower-case and without a port
 */
export function signTenant(tenantId: string, host: string, key: string, nowSeconds: number): string {
  const seconds = String(Math.floor(nowSeconds));
  return `v1;${seconds};${tenantId};${macOf(seconds, tenantId, host, key)}`;
}

/**
 * Judges a header that came with a request. Pure. Headers that were sent twice are joined by Node and malformed thereby.
 *
 * @param keys every key that is accepted; more than one while they change
 * @param hosts the names under which this service may be asked, as for `signTenant`
 */
export function judgeSigned(
  text: string,
  { keys, hosts }: { readonly keys: readonly string[]; readonly hosts: readonly string[] },
  nowSeconds: number,
): Verdict {
  const { seconds, tenantId, mac } = SIGNED.exec(text)?.groups ?? {};
  if (seconds === undefined || tenantId === undefined || mac === undefined) {
    return { kind: "refused", reason: "malformed" };
  }
  const given = Buffer.from(mac);
  const isOurs = hosts.some((host) =>
    keys.some((key) => crypto().timingSafeEqual(given, Buffer.from(macOf(seconds, tenantId, host, key)))),
  );
  if (!isOurs) return { kind: "refused", reason: "forged" };
  if (Math.abs(nowSeconds - Number(seconds)) > VALID_SECONDS) return { kind: "refused", reason: "expired" };
  return { kind: "signed", tenantId };
}

/** The header's name goes in, too: the key may sign other things. No field has a semicolon in it, so no two texts are alike. */
function macOf(seconds: string, tenantId: string, host: string, key: string): string {
  return crypto()
    .createHmac("sha256", key)
    .update(`${TENANT_HEADER};v1;${seconds};${tenantId};${host}`)
    .digest("base64url");
}
