import { once } from "node:events";
import type { Server } from "node:http";
import type { Socket } from "node:net";

const LOOK_EVERY_MS = 20;

/**
 * Gives a way to close a server, from before its first connection on: it stops accepting, ends at once the connections that
 * wait between two requests and those that were opened and never used, and lets the others end with their answer, or after
 * `timeoutMs`.
 */
export function gracefulClose(server: Server, timeoutMs: number): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // To Node a connection without a first request is no idle one; a request may be on its way only where bytes have come.
  const endUnused = (): void => {
    server.closeIdleConnections();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
  return async () => {
    const closed = once(server, "close");
    server.close();
    endUnused();
    // Node ends idle connections once; this is for what becomes idle between then and its answer's end.
    const looking = setInterval(endUnused, LOOK_EVERY_MS);
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
    await closed;
    clearInterval(looking);
    clearTimeout(cut);
  };
}
