import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page, Pages } from "../../observe/pages.ts";
import type { Answer } from "../answer.ts";
import { encodingOf } from "../encoding.ts";
import { FAULT, noteAnswer } from "../endpoint.ts";
import type { Receiver, ReceiverOptions } from "../receiver.ts";
import { SIGNAL_NAMES, SIGNALS, type Signal } from "../signal.ts";
import { receiveExport } from "./export-request.ts";
import { respond } from "./respond.ts";

export interface HttpReceiverOptions extends ReceiverOptions {
  /** What is served beside OTLP, by path. */
  readonly pages: Pages;
}

const PATHS = SIGNAL_NAMES.map((name) => SIGNALS[name].path).join(", ");
const SIGNAL_OF_PATH: ReadonlyMap<string, Signal> = new Map(SIGNAL_NAMES.map((name) => [SIGNALS[name].path, name]));

/** Starts the OTLP/HTTP server; rejects when the address cannot be had. `node:http` alone: OTLP has exact answers. */
export async function startHttpReceiver(options: HttpReceiverOptions): Promise<Receiver> {
  let closing = false;
  const server = createServer({ requestTimeout: options.requestTimeoutMs }, (request, response) => {
    // A sender that goes away while we write is its own business; without a listener it would be an uncaught error.
    response.on("error", () => undefined);
    serve(request, response, options, () => closing).catch((error: unknown) => {
      options.onFault(error);
      // The answer may be half written: without its end the sender tries again.
      response.destroy();
    });
  });
  const url = await listen(server, options.host, options.port);
  let closed: Promise<void> | undefined;
  return {
    url,
    close: () => {
      closing = true;
      closed ??= stop(server, options.shutdownTimeoutMs);
      return closed;
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpReceiverOptions,
  isClosing: () => boolean,
): Promise<void> {
  const path = request.url?.split("?", 1)[0] ?? "";
  const signal = SIGNAL_OF_PATH.get(path);
  const page = options.pages.get(path);
  let said: Answer | null;
  try {
    if (signal !== undefined) said = await receiveExport(request, signal, options);
    else if (page !== undefined) said = await answerPage(page, request, response);
    else said = { kind: "error", status: 404, message: `unknown path; OTLP goes to ${PATHS}` };
  } catch (error) {
    options.onFault(error);
    said = FAULT;
  }
  if (said === null) return;
  if (signal !== undefined) noteAnswer(said, options);
  // A kept-alive connection would otherwise outlive the server it talks to.
  if (isClosing()) response.setHeader("connection", "close");
  respond(response, said, encodingOf(request.headers["content-type"]) ?? "json", signal ?? "traces");
}

/** Null = answered. */
async function answerPage(
  page: () => Promise<Page>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | null> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { kind: "error", status: 405, message: "only GET is served here", allow: "GET, HEAD" };
  }
  const { status, contentType, body } = await page();
  response.statusCode = status;
  response.setHeader("content-type", contentType);
  response.end(body);
  return null;
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const inUse = `port ${port} of ${host} is in use: stop what has it, or set QUOTEL_COLLECTOR_PORT`;
      reject(error.code === "EADDRINUSE" ? new Error(inUse, { cause: error }) : error);
    };
    server.once("error", refuse);
    server.listen(port, host, () => {
      server.off("error", refuse);
      const bound = server.address() as AddressInfo;
      resolve(`http://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`);
    });
  });
}

function stop(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    // Node closes the connections that are idle now; others become so while we wait.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
  });
}
