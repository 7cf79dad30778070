import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to the database that can be cut at a chosen point of the conversation. */
export interface SeveredDatabase extends AsyncDisposable {
  readonly url: string;
  /** Once: forwards the next message that contains `text`, and cuts the connection before its answer can pass. */
  cutAfter(text: string): void;
  /** How many connections have been cut. */
  readonly cuts: number;
}

/** Forwards bytes between clients and the database of `databaseUrl`. */
export async function severDatabase(databaseUrl: string): Promise<SeveredDatabase> {
  const target = new URL(databaseUrl);
  let fatal: string | null = null;
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // A cut shows as an error on the other side; it is what the test is about.
      socket
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(socket);
          client.destroy();
          upstream.end();
        });
    }
    client.on("data", (bytes) => {
      upstream.write(bytes);
      if (fatal === null || !bytes.includes(fatal)) return;
      fatal = null;
      cuts += 1;
      client.destroy();
    });
    upstream.on("data", (bytes) => client.write(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutAfter: (text) => {
      fatal = text;
    },
    get cuts() {
      return cuts;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), "close");
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
