import type { ClientRequest } from "node:http";

import { parseFields } from "../formats/fields.ts";
import type { Fields } from "../formats/fields.ts";

/** A body larger than this is not read. */
const BODY_BYTES_MAX = 16_777_216;

/**
 * Reads along what an app writes as a request's body, and calls back at its end, before anything else can happen to the request,
 * with the JSON object it was; null if it was none. What is written, and what the app gets back, is unchanged.
 */
export function readRequestBody(request: ClientRequest, onEnd: (body: Fields | null) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  let ended = false;

  function keep(chunk: unknown, encoding: unknown): void {
    if (typeof chunk === "string") parts.push(Buffer.from(chunk, isEncoding(encoding) ? encoding : "utf8"));
    else if (chunk instanceof Uint8Array) parts.push(Buffer.from(chunk));
    else return;
    size += parts.at(-1)?.length ?? 0;
    if (size > BODY_BYTES_MAX) parts.length = 0;
  }

  function watch(method: "write" | "end", seen: (args: readonly unknown[]) => void): void {
    const original: (...args: never[]) => unknown = request[method];
    function watched(...args: never[]): unknown {
      seen(args);
      return Reflect.apply(original, request, args);
    }
    Object.defineProperty(request, method, { value: watched, configurable: true, writable: true });
  }

  watch("write", ([chunk, encoding]) => {
    if (!ended) keep(chunk, encoding);
  });
  watch("end", ([chunk, encoding]) => {
    if (ended) return;
    ended = true;
    keep(chunk, encoding);
    onEnd(size > BODY_BYTES_MAX ? null : parseFields(Buffer.concat(parts).toString("utf8")));
  });
}

function isEncoding(value: unknown): value is BufferEncoding {
  return typeof value === "string" && Buffer.isEncoding(value);
}
