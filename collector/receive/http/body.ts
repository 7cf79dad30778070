import type { IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import type { ByteLease } from "../byte-budget.ts";

/** A request's body, or why there is none. `aborted` = the sender went away; nobody is left to answer. */
export type Body =
  | { readonly kind: "body"; readonly bytes: Uint8Array }
  | { readonly kind: "too_large" }
  | { readonly kind: "busy" }
  | { readonly kind: "corrupt"; readonly message: string }
  | { readonly kind: "aborted" };

/**
 * Reads a body of at most `bytesMax`, as sent and unpacked, holding it against the lease. A body that turns out too
 * large is read to its end and thrown away, because a sender that is still writing would not see the answer. Never
 * rejects.
 */
export async function readBody(
  request: IncomingMessage,
  contentEncoding: "gzip" | "identity",
  bytesMax: number,
  lease: ByteLease,
): Promise<Body> {
  const sent = await receive(request, bytesMax, lease);
  if (sent.kind !== "body" || contentEncoding === "identity") return sent;
  const unpacked = unpack(sent.bytes, bytesMax);
  if (unpacked.kind === "body" && !lease.take(unpacked.bytes.length)) return { kind: "busy" };
  return unpacked;
}

function receive(request: IncomingMessage, bytesMax: number, lease: ByteLease): Promise<Body> {
  // Gone while its key was checked: "close" has been and will not come again.
  if (request.destroyed) return Promise.resolve({ kind: "aborted" });
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) {
    request.resume();
    return Promise.resolve({ kind: "too_large" });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const refuse = (why: "too_large" | "busy"): void => {
      chunks.length = 0;
      request.removeAllListeners("data");
      request.resume();
      resolve({ kind: why });
    };
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > bytesMax) refuse("too_large");
      else if (!lease.take(chunk.length)) refuse("busy");
      else chunks.push(chunk);
    });
    request.on("end", () => resolve({ kind: "body", bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }));
    // After "end" these change nothing; before it they mean that the sender is gone.
    request.on("error", () => resolve({ kind: "aborted" }));
    request.on("close", () => resolve({ kind: "aborted" }));
  });
}

/**
 * Unpacks gzip. Synchronous on purpose: bodies are unpacked one at a time, so whatever a sender claims, at most one
 * bomb, itself cut off at `bytesMax`, is in memory.
 */
export function unpack(bytes: Uint8Array, bytesMax: number): Body {
  try {
    return { kind: "body", bytes: gunzipSync(bytes, { maxOutputLength: bytesMax }) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") return { kind: "too_large" };
    return { kind: "corrupt", message: `the body is not gzip: ${error instanceof Error ? error.message : ""}` };
  }
}
