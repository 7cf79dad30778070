import type { IncomingMessage } from "node:http";

const BODY_BYTES_MAX = 1024 * 1024;

/** The body as JSON, or undefined where it is none or too large; the parsers turn that into a 400. */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  try {
    return bytes > BODY_BYTES_MAX ? undefined : JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}
