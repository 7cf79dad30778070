import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answer, type Answer } from "./answer.ts";
import { encodingOf, type Encoding } from "./encoding.ts";
import { receiveTraces, type TracesEndpoint } from "./traces.ts";

export interface ReceiverOptions {
  readonly host: string;
  readonly port: number;
  readonly requestTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly traces: TracesEndpoint;
  /** Whether usage can be committed right now. */
  readonly ready: () => Promise<boolean>;
  /** Told of what a request died of, other than its own content; the sender is asked to come back. */
  readonly onFault: (error: unknown) => void;
}

export interface Receiver {
  readonly url: string;
  /** Stops accepting and lets the requests in flight end, within the time allowed. */
  readonly close: () => Promise<void>;
}

/** Starts the OTLP/HTTP server; rejects when the address cannot be had. `node:http` alone: OTLP has exact answers. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  let closing = false;
  const server = createServer({ requestTimeout: options.requestTimeoutMs }, (request, response) => {
    void serve(request, response, options, (encoding, said) => {
      // A kept-alive connection would otherwise outlive the server it talks to.
      if (closing) response.setHeader("connection", "close");
      answer(response, encoding, said);
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
  options: ReceiverOptions,
  say: (encoding: Encoding, said: Answer) => void,
): Promise<void> {
  // A sender that goes away while we write is its own business; without a listener it would be an uncaught error.
  response.on("error", () => undefined);
  const encoding = encodingOf(request.headers["content-type"]) ?? "json";
  try {
    const said = await route(request, response, options);
    if (said !== null) say(encoding, said);
  } catch (error) {
    options.onFault(error);
    if (response.headersSent) return;
    // Never 500: OTLP senders drop what they sent on it, and a fault of ours may pass.
    say(encoding, { kind: "error", status: 503, message: "the collector cannot take this now", retryAfterSeconds: 2 });
  }
}

/** Null = nothing left to say. */
async function route(
  request: IncomingMessage,
  response: ServerResponse,
  options: ReceiverOptions,
): Promise<Answer | null> {
  const path = request.url?.split("?", 1)[0];
  if (path === "/v1/traces") return receiveTraces(request, options.traces);
  if (path !== "/healthz" && path !== "/readyz") {
    return { kind: "error", status: 404, message: "unknown path; OTLP traces go to /v1/traces" };
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { kind: "error", status: 405, message: "only GET is served here", allow: "GET, HEAD" };
  }
  const up = path === "/healthz" || (await options.ready());
  response.statusCode = up ? 200 : 503;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ status: up ? "ok" : "unavailable" }));
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
