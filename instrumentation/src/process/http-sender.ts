import type { Agent, IncomingHttpHeaders } from "node:http";

import { withoutTracing } from "../open-telemetry/app-api.ts";

/** What came of one request. Nobody answering is an outcome, not an exception. */
export type HttpResult =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly text: string;
    }
  | { readonly kind: "unreachable"; readonly reason: string };

interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
}

export interface HttpSender {
  send(request: HttpRequest): Promise<HttpResult>;
  /** Closes idle connections. */
  close(): void;
}

const ANSWER_BYTES_MAX = 1_048_576;

/**
 * Node's client of the URL's protocol, loaded when it is first needed and not as an ES module: that would read all its
 * exports, and one of them loads the whole of Node's fetch. Both together are half of what an app waits for at its start.
 */
function clientFor(url: URL) {
  return process.getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http");
}

/**
 * A keep-alive HTTP client of our own, for one address: it does not go through the tapped `fetch`, makes no spans and, when `background` is
 * set, never keeps the process alive.
 */
export function createHttpSender(options: { readonly background: boolean }): HttpSender {
  let agent: Agent | null = null;

  function attempt(request: HttpRequest): Promise<HttpResult & { stale?: boolean }> {
    return new Promise((resolve) => {
      const client = clientFor(request.url);
      agent ??= new client.Agent({ keepAlive: true });
      const outgoing = client.request(request.url, {
        method: request.method,
        agent,
        headers:
          request.body === null
            ? request.headers
            : { ...request.headers, "content-length": String(Buffer.byteLength(request.body)) },
      });
      const timer = setTimeout(() => outgoing.destroy(new Error("timeout")), request.timeoutMs);
      if (options.background) timer.unref();
      const settle = (result: HttpResult & { stale?: boolean }) => {
        clearTimeout(timer);
        resolve(result);
      };
      outgoing.on("socket", (socket) => {
        if (options.background) socket.unref();
      });
      outgoing.on("error", (err: NodeJS.ErrnoException) => {
        const stale = outgoing.reusedSocket && err.code === "ECONNRESET";
        settle({ kind: "unreachable", reason: err.code ?? err.message, stale });
      });
      outgoing.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          if (text.length < ANSWER_BYTES_MAX) text += part;
        });
        response.on("error", (err) => settle({ kind: "unreachable", reason: err.message }));
        response.on("end", () =>
          settle({ kind: "answered", status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      });
      outgoing.end(request.body ?? undefined);
    });
  }

  return {
    async send(request) {
      const first = await withoutTracing(() => attempt(request));
      // A kept connection may have been closed by the server just as we used it. All our requests are idempotent.
      return first.kind === "unreachable" && first.stale === true ? withoutTracing(() => attempt(request)) : first;
    },
    close() {
      agent?.destroy();
    },
  };
}
