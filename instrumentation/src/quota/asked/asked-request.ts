import type { QuotaRequest } from "../http-shapes.ts";

/** What a request's own words tell of the work it asks for. */
export interface AskedRequest {
  /** With or without a query. */
  readonly path: string;
  /** Parsed; undefined: not at hand. */
  readonly body: unknown;
  /** Bytes of the body as its `content-length` says; 0: it does not. */
  readonly bodyBytes: number;
}

/** So much of the JSON body of a fetch handler's request is read beforehand; of a larger one its length stands for it. */
const READ_BYTES_MAX = 1_048_576;

/** Of a request on Node's server; its body is what a body parser before the middleware left there. */
export function askedOfNode(req: QuotaRequest): AskedRequest {
  const path = req.originalUrl ?? req.url ?? "";
  return { path, body: req.body, bodyBytes: lengthOf(req.headers["content-length"]) };
}

/** Of a fetch handler's request; JSON is read from a copy, so that the handler can still read its own. Never rejects. */
export async function askedOfFetch(request: Request): Promise<AskedRequest> {
  const path = URL.parse(request.url)?.pathname ?? "";
  const bodyBytes = lengthOf(request.headers.get("content-length"));
  const isJson = /^application\/([\w.+-]+\+)?json\b/i.test(request.headers.get("content-type") ?? "");
  const isToBeRead = isJson && !request.bodyUsed && bodyBytes <= READ_BYTES_MAX;
  return { path, bodyBytes, body: undefined, ...(isToBeRead ? await readJson(request) : {}) };
}

/** Not every body says how long it is, so reading ends where it is too long. */
async function readJson(request: Request): Promise<Pick<AskedRequest, "body" | "bodyBytes"> | null> {
  const chunks: Uint8Array[] = [];
  let bodyBytes = 0;
  try {
    const reader = request.clone().body?.getReader();
    for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
      chunks.push(read.value);
      bodyBytes += read.value.byteLength;
      if (bodyBytes > READ_BYTES_MAX) {
        // Not waited for: a copy's cancelling settles with the other copy's, and that is the handler's to read.
        reader?.cancel().catch(() => {});
        return { body: undefined, bodyBytes };
      }
    }
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return { body, bodyBytes };
  } catch {
    return null; // no JSON, or it broke off: the handler will see that for itself
  }
}

function lengthOf(header: string | null | undefined): number {
  const length = Number(header ?? 0);
  return Number.isSafeInteger(length) && length >= 0 ? length : 0;
}
