/** A framework we do not know, whose instrumentation tells the upstream one of `http` the route. */
import { createRequire } from "node:module";
import type { createServer as CreateServer } from "node:http";

import { context, createContextKey } from "@opentelemetry/api";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { NodeSDK } from "@opentelemetry/sdk-node";

/** Where upstream instrumentations meet to tell each other the route. */
const RPC_METADATA = createContextKey("OpenTelemetry SDK Context Key RPC_METADATA");

new NodeSDK({ instrumentations: [new HttpInstrumentation()] }).start();

// The upstream instrumentation changes what is required after it has started.
const { createServer } = createRequire(import.meta.url)("node:http") as { createServer: typeof CreateServer };
const server = createServer((_req, res) => {
  const metadata = context.active().getValue(RPC_METADATA) as { route?: string } | undefined;
  if (metadata !== undefined) metadata.route = "/things/{thing}";
  setTimeout(() => res.end("ok"), 5);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
