import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to the database that can be cut at a chosen point of the conversation. */
export interface SeveredDatabase extends AsyncDisposable {
  readonly url: string;
  /**
   * Once: forwards the next message that contains `text`, and cuts the connection before its answer can pass. Where
   * `preceding` is given, only a connection that has said it since this call is cut, so that others may say `text` too.
   */
  cutAfter(text: string, preceding?: string): void;
  /** From now on, asked for every piece of a conversation, in either direction, whether and how to cut it there. */
  cutWhere(choose: ((bytes: Buffer) => Cut) | null): void;
  /** How many connections have been cut. */
  readonly cuts: number;
}

/** What becomes of a piece: forwarded, or lost, halved or forwarded as the last one before the connection is reset. */
export type Cut = "none" | "before" | "within" | "after";

/** Forwards bytes between clients and the database of `databaseUrl`. */
export async function severDatabase(databaseUrl: string): Promise<SeveredDatabase> {
  const target = new URL(databaseUrl);
  let fatal: { readonly text: string; readonly preceding: string; readonly heardFrom: Set<Socket> } | null = null;
  let choose: ((bytes: Buffer) => Cut) | null = null;
  let cuts = 0;
  const sockets = new Set<Socket>();

  /** Where the conversation ends, if it does here. */
  const cutAt = (client: Socket, bytes: Buffer, isFromClient: boolean): Cut => {
    if (fatal !== null && isFromClient) {
      if (bytes.includes(fatal.preceding)) fatal.heardFrom.add(client);
      if (fatal.heardFrom.has(client) && bytes.includes(fatal.text)) {
        fatal = null;
        return "after";
      }
    }
    return choose?.(bytes) ?? "none";
  };

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const forward = (from: Socket, to: Socket): void => {
      from.on("data", (bytes) => {
        const cut = cutAt(client, bytes, from === client);
        if (cut !== "before") to.write(cut === "within" ? bytes.subarray(0, bytes.length / 2) : bytes);
        if (cut === "none") return;
        cuts += 1;
        // Reset towards the client. The database reads what was forwarded, then the end.
        from.removeAllListeners("data");
        client.resetAndDestroy();
      });
    };
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
    forward(client, upstream);
    forward(upstream, client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutAfter: (text, preceding = "") => {
      fatal = { text, preceding, heardFrom: new Set() };
    },
    cutWhere: (chooser) => {
      choose = chooser;
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
