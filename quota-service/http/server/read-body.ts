import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import type { Parsed, Refusal } from "../refusal.ts";

/** Largest body, unpacked. The largest useful one, 100 tenants with 100 items each, is half of it. */
const BODY_BYTES_MAX = 1_048_576;

const UNPACK = { gzip: promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) } as const;

/**
 * The JSON of a request's body; undefined where there is none. A refusal: 415 for what is not called JSON, 413 beyond
 * 1 MiB, 400 for what is not JSON. What a refusal leaves unread is thrown away as it comes.
 */
export async function readBody(req: IncomingMessage): Promise<Parsed<unknown>> {
  const { headers } = req;
  const length = headers["content-length"];
  if (headers["transfer-encoding"] === undefined && (length === undefined || length === "0")) return NONE;
  const type = headers["content-type"];
  if (type !== "application/json" && !isJson(type)) return refused(NOT_JSON);
  if (Number(length) > BODY_BYTES_MAX) return refused(TOO_LARGE);
  const packed = await readBytes(req);
  if (!packed.ok) return packed;
  const encoding = headers["content-encoding"];
  const bytes = encoding === undefined ? packed : await unpack(packed.value, encoding.toLowerCase());
  return bytes.ok ? parseJson(bytes.value.toString()) : bytes;
}

function isJson(type: string | undefined): boolean {
  if (type === undefined || !/^application\/json *(;|$)/i.test(type)) return false;
  const charset = /; *charset="?([^\s;"]+)/i.exec(type)?.[1];
  return charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset);
}

function readBytes(req: IncomingMessage): Promise<Parsed<Buffer>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_BYTES_MAX) chunks.push(chunk);
      else resolve(refused(TOO_LARGE));
    });
    req.on("end", () => resolve({ ok: true, value: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }));
    // The caller has gone, maybe while its key was looked up; nobody hears it.
    const cutOff = (): void => resolve(refused(CUT_OFF));
    if (req.destroyed) cutOff();
    req.on("error", cutOff).on("close", cutOff);
  });
}

async function unpack(packed: Buffer, encoding: string): Promise<Parsed<Buffer>> {
  if (encoding === "identity") return { ok: true, value: packed };
  if (encoding !== "gzip" && encoding !== "deflate" && encoding !== "br") return refused(UNKNOWN_ENCODING);
  try {
    return { ok: true, value: await UNPACK[encoding](packed, { maxOutputLength: BODY_BYTES_MAX }) };
  } catch (error) {
    const isTooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    return refused(isTooLarge ? TOO_LARGE : invalid(`The body cannot be unpacked as ${encoding}`));
  }
}

function parseJson(text: string): Parsed<unknown> {
  if (text === "") return NONE;
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    return refused(invalid(`The body is not JSON: ${error instanceof Error ? error.message : ""}`));
  }
}

function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}

function invalid(message: string): Refusal {
  return { status: 400, code: "INVALID_REQUEST", message };
}

const NONE: Parsed<unknown> = { ok: true, value: undefined };
const CUT_OFF = invalid("The request was cut off");
const TOO_LARGE: Refusal = { status: 413, code: "BODY_TOO_LARGE", message: "The body is larger than 1 MiB" };
const NOT_JSON: Refusal = {
  status: 415,
  code: "UNSUPPORTED_MEDIA_TYPE",
  message: "Send the body as JSON in UTF-8, with Content-Type: application/json",
};
const UNKNOWN_ENCODING: Refusal = {
  status: 415,
  code: "UNSUPPORTED_MEDIA_TYPE",
  message: "A packed body is gzip, deflate or br",
};
