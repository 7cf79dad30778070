import { subscribe } from "node:diagnostics_channel";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";

import type { BeginApiCall } from "./api-call.ts";

/**
 * Follows the requests of `node:http2` servers, secure or not, of the stream API and the compatibility API. Node publishes the
 * start before the 'stream' and 'request' listeners run. HTTP/1 on the same port is `node:http`'s.
 */
export function installHttp2Server(begin: BeginApiCall): void {
  subscribe("http2.server.stream.start", (message) => {
    const { stream, headers } = message as { stream: ServerHttp2Stream; headers: IncomingHttpHeaders };
    if (isPushed(stream)) return;
    const call = begin({ method: headers[":method"], url: headers[":path"], headers }, stream);
    stream.once("close", () => call.end(stream.headersSent ? Number(stream.sentHeaders[":status"]) : undefined));
  });
}

/** Streams that the server began have even ids (RFC 9113, section 5.1.1); nobody asked for them. */
function isPushed(stream: ServerHttp2Stream): boolean {
  return (stream.id ?? 0) % 2 === 0;
}
