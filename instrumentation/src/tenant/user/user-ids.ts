import { crypto } from "../../process/crypto.ts";

/** What becomes of the ids of users that the app names (`QUOTEL_USER_IDS`). */
export type UserIds =
  | { readonly kind: "keep" }
  /** HMAC-SHA256 under `QUOTEL_USER_ID_KEY`: the same user has the same hash, and who lacks the key cannot try ids out. */
  | { readonly kind: "hash"; readonly key: string }
  /** `isDefault`: nobody has chosen it. */
  | { readonly kind: "drop"; readonly isDefault: boolean };

export type UserIdsResult =
  { readonly kind: "valid"; readonly userIds: UserIds } | { readonly kind: "invalid"; readonly problem: string };

const KEY_LENGTH_MIN = 32;

/** Reads the setting; pure. Default `drop`: that users are told apart is a decision of who runs the app, not of a line in its code. */
export function readUserIds(env: Readonly<Record<string, string | undefined>>): UserIdsResult {
  const kind = env["QUOTEL_USER_IDS"] || undefined;
  const key = env["QUOTEL_USER_ID_KEY"] ?? "";
  if (kind === "keep") return { kind: "valid", userIds: { kind } };
  if (kind === "drop" || kind === undefined) {
    return { kind: "valid", userIds: { kind: "drop", isDefault: kind === undefined } };
  }
  if (kind !== "hash") return { kind: "invalid", problem: "QUOTEL_USER_IDS must be keep, hash or drop" };
  if (key.length < KEY_LENGTH_MIN) {
    const problem = `QUOTEL_USER_IDS=hash needs QUOTEL_USER_ID_KEY, a secret of at least ${KEY_LENGTH_MIN} characters`;
    return { kind: "invalid", problem };
  }
  return { kind: "valid", userIds: { kind, key } };
}

/** What is recorded for a user's id: it, its hash (base64url, 43 characters), or nothing. Pure. */
export function recordedId(userId: string, userIds: UserIds): string | null {
  if (userIds.kind === "drop") return null;
  return userIds.kind === "keep"
    ? userId
    : crypto().createHmac("sha256", userIds.key).update(userId).digest("base64url");
}
