import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to the database whose state a test decides. */
export interface DatabaseLine extends AsyncDisposable {
  readonly url: string;
  /** `open`: as if it were not there. `cut`: refuses and ends connections. `silent`: swallows every byte. */
  become(state: "open" | "cut" | "silent"): void;
}

/** Forwards bytes between clients and the database of `databaseUrl`. */
export async function databaseLine(databaseUrl: string): Promise<DatabaseLine> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let state: "open" | "cut" | "silent" = "open";
  const keep = (socket: Socket, other: () => Socket): void => {
    sockets.add(socket);
    socket
      .on("error", () => {})
      .on("close", () => {
        sockets.delete(socket);
        other().destroy();
      });
  };
  const server = createServer((client) => {
    if (state === "cut") {
      client.destroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    keep(client, () => upstream);
    keep(upstream, () => client);
    client.on("data", (bytes) => state === "silent" || upstream.write(bytes));
    upstream.on("data", (bytes) => state === "silent" || client.write(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    become(next) {
      state = next;
      if (next === "cut") endAll();
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), "close");
      endAll();
      await closed;
    },
  };
}
