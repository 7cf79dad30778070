import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { parse as parseQuery } from "node:querystring";
import type { Logger } from "pino";
import type { KeyRing } from "#database/keys/key-ring";
import { isUnavailable } from "#database/sqlstate";
import type { Answer } from "../answer.ts";
import { authenticate } from "../authenticate.ts";
import { UNAVAILABLE, refuse } from "../refusal.ts";
import type { ApiRequest } from "../request.ts";
import type { Route } from "../route.ts";
import { readBody } from "./read-body.ts";
import { RouteTable } from "./route-table.ts";
import type { RouteMatch } from "./route-table.ts";
import { send } from "./send.ts";

const NO_QUERY = Object.freeze({});

/** What requests are served with. */
export interface ListenerParts {
  readonly routes: readonly Route[];
  readonly keyRing: KeyRing;
  readonly log: Logger;
  /** Whether the server has stopped accepting. */
  readonly isClosing: () => boolean;
}

/**
 * Serves these routes: a key is checked before a body is read, and every error has the API's shape. While the server
 * closes, each connection ends with its next answer.
 */
export function createListener({ routes, keyRing, log, isClosing }: ListenerParts): RequestListener {
  const table = new RouteTable(routes);
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { path, search } = targetOf(req);
    // The next request on a connection that was kept alive would be cut off by the closing.
    const answerWith = (answer: Answer): void => {
      if (isClosing()) res.setHeader("connection", "close");
      send(res, answer);
    };
    try {
      const match = table.find(req.method ?? "", path);
      answerWith(match.kind === "found" ? await answerTo(req, search, match, keyRing) : refuseMatch(req, path, match));
    } catch (error) {
      answerWith(answerError(error, { method: req.method, path }, log));
    }
  };
  return (req, res) => void serve(req, res);
}

async function answerTo(
  req: IncomingMessage,
  search: string,
  { route, params }: Extract<RouteMatch, { kind: "found" }>,
  keyRing: KeyRing,
): Promise<Answer> {
  const { headers } = req;
  const request: ApiRequest = {
    params,
    query: search === "" ? NO_QUERY : parseQuery(search),
    headers,
    clientAddress: req.socket.remoteAddress ?? null,
    body: undefined,
  };
  if (route.kinds === null) return route.handle(request);
  const key = await authenticate(headers, keyRing, route.kinds);
  if (!key.ok) return refuse(key.refusal);
  if (route.method === "get") return route.handle(request, key.value);
  const body = await readBody(req);
  if (!body.ok) return refuse(body.refusal);
  return route.handle({ ...request, body: body.value }, key.value);
}

/** Path and query of the request's target, which proxies may send with scheme and host (RFC 9112, 3.2.2). */
function targetOf({ url = "/" }: IncomingMessage): { readonly path: string; readonly search: string } {
  const target = url.startsWith("/") ? url : (/^https?:\/\/[^/?]*([^#]*)/i.exec(url)?.[1] ?? url);
  const queryAt = target.indexOf("?");
  return queryAt < 0
    ? { path: target, search: "" }
    : { path: target.slice(0, queryAt), search: target.slice(queryAt + 1) };
}

function refuseMatch(req: IncomingMessage, path: string, match: Exclude<RouteMatch, { kind: "found" }>): Answer {
  switch (match.kind) {
    case "unknown_path":
      return refuse({ status: 404, code: "NOT_FOUND", message: `Nothing is served at ${path}; see /openapi.json` });
    case "malformed_path":
      return refuse({ status: 400, code: "INVALID_REQUEST", message: `${path} is not valid percent-encoding` });
    case "wrong_method": {
      const { allow } = match;
      const message = `${req.method} is not possible here; this path takes ${allow}`;
      return refuse({ status: 405, code: "METHOD_NOT_ALLOWED", message, headers: { allow } });
    }
  }
}

/** What a handler threw becomes an answer. What went wrong on our side is logged, not told. */
function answerError(error: unknown, request: { method: string | undefined; path: string }, log: Logger): Answer {
  if (isUnavailable(error)) {
    log.warn({ err: error, ...request }, "database unavailable");
    return refuse(UNAVAILABLE);
  }
  log.error({ err: error, ...request }, "request failed");
  return refuse({ status: 500, code: "INTERNAL", message: "Something went wrong on our side; it has been logged" });
}
