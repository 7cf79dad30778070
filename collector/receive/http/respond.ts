import type { ServerResponse } from "node:http";
import { answerBody, retrySeconds, type Answer } from "../answer.ts";
import { CONTENT_TYPES, type Encoding } from "../encoding.ts";
import type { Signal } from "../signal.ts";

/** Puts an answer on the wire, in the encoding of its request. */
export function respond(response: ServerResponse, said: Answer, encoding: Encoding, signal: Signal): void {
  const body = answerBody(said, encoding, signal);
  response.statusCode = said.kind === "accepted" ? 200 : said.status;
  response.setHeader("content-type", CONTENT_TYPES[encoding]);
  response.setHeader("content-length", body.length);
  if (said.kind === "error") {
    const seconds = retrySeconds(said);
    if (seconds !== null) response.setHeader("retry-after", seconds);
    if (said.allow !== undefined) response.setHeader("allow", said.allow);
    if (said.status === 401) response.setHeader("www-authenticate", "Bearer");
  }
  response.end(body);
}
