/** An app in TypeScript: `tsx` runs it as it is, esbuild makes one CommonJS file of it and of its SDK. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ask } from "./ask.ts";

const server = createServer((_req, res) => {
  ask().then(
    () => res.end("ok"),
    (error: unknown) => res.writeHead(500).end(String(error)),
  );
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
