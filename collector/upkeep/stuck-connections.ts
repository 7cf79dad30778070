import type { Socket } from "node:net";
import type { Pool, PoolClient } from "pg";

/** No statement of ours takes so long; whoever waits longer waits for a peer that is gone. */
const OUT_MS_MAX = 300_000;

/**
 * Cuts connections that have been in use for too long. A database that vanishes without closing its connections (a
 * network that drops everything) would otherwise hold a lane until TCP gives up, a quarter of an hour later: cut, the
 * statement fails, its senders are told to come back, and the pool makes a new connection.
 */
export function cutStuckConnections(pool: Pool, outMsMax = OUT_MS_MAX): { readonly stop: () => void } {
  const watched = new Map<PoolClient, NodeJS.Timeout>();
  const watch = (client: PoolClient): void => {
    const cut = setTimeout(() => socketOf(client).destroy(), outMsMax);
    cut.unref();
    watched.set(client, cut);
  };
  const forget = (_error: unknown, client: PoolClient): void => {
    clearTimeout(watched.get(client));
    watched.delete(client);
  };
  pool.on("acquire", watch);
  pool.on("release", forget);
  return {
    stop() {
      pool.off("acquire", watch);
      pool.off("release", forget);
      for (const cut of watched.values()) clearTimeout(cut);
    },
  };
}

/** A pipelining client's end() waits for what it has sent. Its socket is not in pg's types (a test fails should it go). */
function socketOf(client: PoolClient): Socket {
  return (client as PoolClient & { readonly connection: { readonly stream: Socket } }).connection.stream;
}
