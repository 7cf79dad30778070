import type { IncomingHttpHeaders } from "node:http";
import type { Key, KeyKind } from "#database/keys/api-key";
import type { KeyRing } from "#database/keys/key-ring";
import type { Parsed, Refusal } from "./refusal.ts";

/**
 * Whose key the request carries (`Authorization: Bearer ...`): 401 without one or with one nobody has, 403 with one of
 * the wrong kind. Rejects when the database is away and the key is not remembered.
 */
export async function authenticate(
  headers: IncomingHttpHeaders,
  keyRing: KeyRing,
  kinds: readonly KeyKind[],
): Promise<Parsed<Key>> {
  const token = /^bearer +(\S+) *$/i.exec(headers.authorization ?? "")?.[1];
  if (token === undefined) {
    return { ok: false, refusal: unauthenticated("Send a key: Authorization: Bearer <key>") };
  }
  const key = await keyRing.find(token);
  if (key === null) return { ok: false, refusal: unauthenticated("The key is unknown or revoked") };
  if (!kinds.includes(key.kind)) {
    const message = `A key of kind "${key.kind}" may not do this; it takes one of: ${kinds.join(", ")}`;
    return { ok: false, refusal: { status: 403, code: "FORBIDDEN", message } };
  }
  return { ok: true, value: key };
}

function unauthenticated(message: string): Refusal {
  return { status: 401, code: "UNAUTHENTICATED", message, headers: { "www-authenticate": "Bearer" } };
}
