import * as http from "node:http";
import * as https from "node:https";

import { withoutTracing } from "./open-telemetry.ts";

/** What came of one request. Nobody answering is an outcome, not an exception. */
export type HttpResult =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: http.IncomingHttpHeaders;
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
 * A keep-alive HTTP client of our own: it does not go through the tapped `fetch`, makes no spans and, when `background` is
 * set, never keeps the process alive.
 */
export function createHttpSender(options: { readonly background: boolean }): HttpSender {
  const agents = {
    "http:": new http.Agent({ keepAlive: true }),
    "https:": new https.Agent({ keepAlive: true }),
  };

  function attempt(request: HttpRequest): Promise<HttpResult & { stale?: boolean }> {
    return new Promise((resolve) => {
      const secure = request.url.protocol === "https:";
      const outgoing = (secure ? https : http).request(request.url, {
        method: request.method,
        agent: secure ? agents["https:"] : agents["http:"],
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
      agents["http:"].destroy();
      agents["https:"].destroy();
    },
  };
}
