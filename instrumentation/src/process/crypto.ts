import type * as nodeCrypto from "node:crypto";

let loaded: typeof nodeCrypto | undefined;

/** `node:crypto`, loaded at its first use: loading it takes longer than all of ours, and an app's start is not kept waiting. */
export function crypto(): typeof nodeCrypto {
  loaded ??= process.getBuiltinModule("node:crypto");
  return loaded;
}

/** So many random bytes in hex, as ids of traces and spans are written. */
export function randomHex(bytes: number): string {
  return crypto().randomBytes(bytes).toString("hex");
}
