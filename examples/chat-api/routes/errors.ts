import type { ErrorRequestHandler } from "express";
import { APIError } from "openai";
import { BadRequest } from "./request.ts";

/** Turns what a route threw into an answer: the caller's mistakes into 400, the provider's failures into 502. */
export const answerErrors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error);
  } else if (error instanceof BadRequest || error instanceof SyntaxError) {
    res.status(400).json({ error: { code: "BAD_REQUEST", message: error.message } });
  } else if (error instanceof APIError) {
    res.status(502).json({ error: { code: "PROVIDER_ERROR", message: error.message } });
  } else {
    next(error);
  }
};
