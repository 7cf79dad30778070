import type { ServerResponse } from "node:http";
import type { Answer } from "../answer.ts";

/**
 * What every answer carries. Usage and decisions are true for a moment only, and nobody else's business: no store. A
 * browser makes nothing of an answer but data. There are no cookies to abuse, and transport security is said by whatever
 * ends TLS; a field that says nothing here would cost its part of every decision.
 */
const ALWAYS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
} as const;

/** Sends an answer, head and body in one piece. To a HEAD request goes the head only. */
export function send(res: ServerResponse, { status, headers, body }: Answer): void {
  if (body === undefined) {
    res.writeHead(status, { ...ALWAYS, ...headers }).end();
    return;
  }
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const length = Buffer.byteLength(text);
  res
    .writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": length,
      ...ALWAYS,
      ...headers,
    })
    // A byte for each character, as nearly always: then Node copies, instead of making room for three bytes each.
    .end(text, length === text.length ? "latin1" : "utf8");
}
