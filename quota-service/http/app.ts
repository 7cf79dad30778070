import express from "express";
import type { Express, Request, RequestHandler, Response } from "express";
import helmet from "helmet";
import type { Logger } from "pino";
import type { KeyRing } from "#database/keys/key-ring";
import { answerErrors, answerUnknownPath } from "./answer-errors.ts";
import { authenticate } from "./authenticate.ts";
import { refuse } from "./refusal.ts";
import type { Route } from "./route.ts";

/** Largest body, unpacked. The largest useful request (100 items) is a hundredth of it. */
const BODY_BYTES_MAX = 1_048_576;

/** The Express app of these routes: a key is checked before a body is read, and every error has the API's shape. */
export function createApp(routes: readonly Route[], keyRing: KeyRing, log: Logger): Express {
  const app = express();
  // An ETag costs a hash of every answer, and answers here are never asked for twice.
  app.set("etag", false);
  app.use(helmet());
  app.use(noStore);
  for (const [path, methods] of byPath(routes)) {
    const pattern = path.replaceAll(/\{(\w+)\}/g, ":$1");
    for (const route of methods) app[route.method](pattern, ...handlersOf(route, keyRing));
    app.all(pattern, refuseMethod(methods));
  }
  app.use(answerUnknownPath);
  app.use(answerErrors(log));
  return app;
}

/** Usage and decisions are true for a moment only, and nobody else's business. */
const noStore: RequestHandler = (_req, res, next) => {
  res.setHeader("cache-control", "no-store");
  next();
};

function byPath(routes: readonly Route[]): Map<string, Route[]> {
  const paths = new Map<string, Route[]>();
  for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route]);
  return paths;
}

const readBody = express.json({ limit: BODY_BYTES_MAX });

function handlersOf(route: Route, keyRing: KeyRing): RequestHandler[] {
  if (route.kinds === null) return [(req, res) => route.handle(req, res)];
  const { kinds, handle } = route;
  const withKey = async (req: Request, res: Response): Promise<void> => {
    const key = await authenticate(req, keyRing, kinds);
    if (!key.ok) return refuse(res, key.refusal);
    if (route.method === "get") return handle(req, res, key.value);
    const failure = await new Promise<unknown>((resolve) => readBody(req, res, resolve));
    if (failure !== undefined) throw failure;
    if (hasUnreadBody(req)) return refuse(res, NOT_JSON);
    return handle(req, res, key.value);
  };
  return [withKey];
}

/** The parser leaves alone what does not call itself JSON. */
function hasUnreadBody(req: Request): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = req.headers;
  return req.body === undefined && ((length !== undefined && length !== "0") || encoding !== undefined);
}

const NOT_JSON = {
  status: 415,
  code: "UNSUPPORTED_MEDIA_TYPE",
  message: "Send the body as JSON, with Content-Type: application/json",
};

function refuseMethod(routes: readonly Route[]): RequestHandler {
  const methods = routes.map(({ method }) => method.toUpperCase());
  const allow = (methods.includes("GET") ? ["HEAD", ...methods] : methods).join(", ");
  return (req, res) => {
    const message = `${req.method} is not possible here; this path takes ${allow}`;
    refuse(res, { status: 405, code: "METHOD_NOT_ALLOWED", message, headers: { allow } });
  };
}
