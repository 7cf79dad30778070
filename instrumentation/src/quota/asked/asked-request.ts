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

/** A larger JSON body of a fetch handler's request is not read beforehand; its length stands for it. */
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
  return { path, body: isToBeRead ? await jsonOf(request) : undefined, bodyBytes };
}

async function jsonOf(request: Request): Promise<unknown> {
  try {
    const body: unknown = await request.clone().json();
    return body;
  } catch {
    return undefined; // no JSON, or it broke off: the handler will see that for itself
  }
}

function lengthOf(header: string | null | undefined): number {
  const length = Number(header ?? 0);
  return Number.isSafeInteger(length) && length >= 0 ? length : 0;
}
