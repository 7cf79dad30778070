import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Stands before a collector, at an address that stays. */
export interface Gate {
  readonly url: string;
  /** What the next requests meet: the collector, nobody, or a collector whose answer is lost on its way. */
  state: "open" | "away" | "deaf";
  close(): Promise<void>;
}

export async function startGate(collectorUrl: string): Promise<Gate> {
  const server = createServer((request, response) => {
    if (gate.state === "away") return void response.writeHead(503).end();
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { authorization = "", "quotel-sent-at-unix-nano": sentAt = "" } = request.headers;
      const headers = { authorization, "content-type": "application/json", "quotel-sent-at-unix-nano": String(sentAt) };
      fetch(`${collectorUrl}${request.url}`, { method: "POST", headers, body: Buffer.concat(parts) }).then(
        async (answer) => {
          const text = await answer.text();
          if (gate.state === "deaf") request.socket.destroy();
          else response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
        },
        () => request.socket.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state: "open",
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections(); // after `close`: one accepted in between would keep the server up
      return closed;
    },
  };
  return gate;
}
