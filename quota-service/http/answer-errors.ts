import type { ErrorRequestHandler, RequestHandler } from "express";
import type { Logger } from "pino";
import { isUnavailable } from "#database/sqlstate";
import { UNAVAILABLE, refuse } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";

/** 404 for what no route serves. */
export const answerUnknownPath: RequestHandler = (req, res) => {
  refuse(res, { status: 404, code: "NOT_FOUND", message: `Nothing is served at ${req.path}; see /openapi.json` });
};

/** Turns what a handler threw into an answer. Only the caller's own mistakes are explained; the rest is logged. */
export function answerErrors(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    if (isUnavailable(error)) {
      log.warn({ err: error, method: req.method, path: req.path }, "database unavailable");
      return refuse(res, UNAVAILABLE);
    }
    const mistake = callersMistake(error);
    if (mistake !== null) return refuse(res, mistake);
    log.error({ err: error, method: req.method, path: req.path }, "request failed");
    refuse(res, { status: 500, code: "INTERNAL", message: "Something went wrong on our side; it has been logged" });
  };
}

/** What Express and its body parser say of a request they cannot read. */
function callersMistake(error: unknown): Refusal | null {
  if (!(error instanceof Error) || !("status" in error)) return null;
  const { status, message } = error;
  switch (status) {
    case 413:
      return { status, code: "BODY_TOO_LARGE", message: "The body is larger than 1 MiB" };
    case 415:
      return { status, code: "UNSUPPORTED_MEDIA_TYPE", message };
    case 400: {
      const isSyntax = error instanceof SyntaxError;
      return { status, code: "INVALID_REQUEST", message: isSyntax ? `The body is not JSON: ${message}` : message };
    }
    default:
      return null;
  }
}
