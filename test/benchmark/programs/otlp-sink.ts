/** Takes every OTLP request and throws it away. Prints its URL. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((req, res) => {
  req.resume().on("end", () => {
    const type = req.headers["content-type"] ?? "application/json";
    res.writeHead(200, { "content-type": type }).end(type === "application/json" ? "{}" : "");
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
