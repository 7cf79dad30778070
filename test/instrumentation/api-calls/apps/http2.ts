/** HTTP/2 servers: the compatibility API, and (`HTTP2_API=stream`) the stream API; secure where there is a key. */
import { readFileSync } from "node:fs";
import { createSecureServer, createServer } from "node:http2";

import { currentTenant } from "@quotel/instrumentation";

const pem = process.env["TLS_PEM"] === undefined ? null : readFileSync(process.env["TLS_PEM"], "utf8");
const server = pem === null ? createServer() : createSecureServer({ key: pem, cert: pem, allowHTTP1: true });

if (process.env["HTTP2_API"] === "stream") {
  server.on("stream", (stream, headers) => {
    if (headers[":path"] === "/hang") return;
    if (headers[":path"] === "/push") {
      stream.pushStream({ ":path": "/pushed" }, (err, pushed) => {
        if (err === null) pushed.respond({ ":status": 200 }, { endStream: true });
      });
    }
    stream.respond({ ":status": headers[":path"] === "/fail" ? 503 : 200 });
    stream.end(currentTenant() ?? "nobody");
  });
} else {
  server.on("request", (request, response) => {
    if (request.url === "/hang") return;
    response.statusCode = request.url === "/fail" ? 503 : 200;
    let bytes = 0;
    request.on("data", (part: Buffer) => (bytes += part.length));
    request.on("end", () => response.end(`${currentTenant() ?? "nobody"} ${bytes}`));
  });
}
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address !== "object") return;
  console.log(`${pem === null ? "http" : "https"}://127.0.0.1:${address.port}`);
});
