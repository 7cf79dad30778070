/** An app that makes a span of its own around each model call. `SDK_FOLDER` as for `own-sdk.ts`, which may run before it. */
import type * as Http from "node:http";
import { createRequire } from "node:module";

import type * as Api from "@opentelemetry/api";

const require = createRequire(`${process.env["SDK_FOLDER"]}/`);
const { trace } = require("@opentelemetry/api") as typeof Api;
// The upstream instrumentation changes what is required after it has started.
const { createServer } = require("node:http") as typeof Http;

const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hello" }], user: "normal" });
const headers = { "content-type": "application/json" };

const server = createServer((_req, res) => {
  void trace.getTracer("app").startActiveSpan("answer", async (span) => {
    const answer = await fetch(`${process.env["PROVIDER_URL"]}/v1/chat/completions`, { method: "POST", headers, body });
    span.setAttribute("answer.status", answer.status);
    res.end(await answer.text());
    span.end();
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
process.on("message", () => {
  server.close();
  server.closeAllConnections();
  process.disconnect();
});
