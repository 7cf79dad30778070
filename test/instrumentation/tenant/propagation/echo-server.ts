import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request as it arrived. */
export interface Arrived {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that keeps what it is sent and answers with the body; `/to/<URL>` redirects (307) there. */
export interface EchoServer {
  readonly port: number;
  readonly arrived: Arrived[];
  close(): Promise<void>;
}

export async function startEchoServer(): Promise<EchoServer> {
  const arrived: Arrived[] = [];
  const server = createServer((req, res) => {
    const path = decodeURIComponent(req.url ?? "");
    void text(req).then((body) => {
      arrived.push({ path, headers: req.headers, body });
      if (path.startsWith("/to/")) res.writeHead(307, { location: path.slice("/to/".length) });
      res.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    arrived,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}
