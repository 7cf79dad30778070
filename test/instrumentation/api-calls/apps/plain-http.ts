import { createServer } from "node:http";

import { setRoute } from "@quotel/instrumentation";

const server = createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url ?? "/", "http://app");
  if (pathname === "/hang") return;
  if (pathname.startsWith("/ok/")) setRoute("/ok/{id}");
  if (pathname.startsWith("/orgs/")) setRoute("/orgs/{org}/members/{id}");
  if (pathname === "/fail") res.statusCode = 503;
  // Answers in its own time, so that pipelined requests are open together.
  setTimeout(() => res.end("ok"), Number(searchParams.get("ms") ?? 0));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
