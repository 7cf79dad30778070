import { join, relative } from "node:path";

const LOCK = "lock";
/** What fits into a socket's address on every system that has them (macOS: 104 bytes with the closing zero). */
const ADDRESS_BYTES_MAX = 103;

/** A folder that is this process's for as long as it lives. */
export interface FolderLock {
  release(): void;
}

/**
 * Marks `folder` as belonging to a living process: listens on a socket in it. The kernel closes a socket with its process,
 * however that ends, and answers for it to every process of the machine, in other containers too. A process id would not
 * do: in a container the next process often has the id of the one that crashed. Rejects where no socket can be made. The
 * lock keeps nothing alive, and moves with the folder when that is renamed.
 */
export function lockFolder(folder: string): Promise<FolderLock> {
  const address = addressIn(folder);
  return new Promise((resolve, reject) => {
    if (address === null) return reject(new Error(`the path ${folder} is too long for a lock`));
    const server = net().createServer((socket) => socket.destroy());
    // For as long as it lives: an error that nobody listens to would end the app.
    server.on("error", reject);
    // Exclusive: in a worker of a cluster the primary would hold the socket, and outlive the worker.
    server.listen({ path: address, exclusive: true }, () => resolve({ release: () => void server.close() }));
    server.unref();
  });
}

/** Whether a living process has the folder. Where that cannot be told it counts as taken: nobody may touch it. */
export function isFolderLocked(folder: string): Promise<boolean> {
  const address = addressIn(folder);
  if (address === null) return Promise.resolve(true);
  return new Promise((resolve) => {
    const socket = net().connect(address);
    const settle = (locked: boolean) => {
      socket.destroy();
      resolve(locked);
    };
    socket.once("connect", () => settle(true));
    // Refused: its process is dead. No entry: it never was locked, or was given up.
    socket.on("error", ({ code }: NodeJS.ErrnoException) => settle(code !== "ECONNREFUSED" && code !== "ENOENT"));
  });
}

/** Loaded when the spool is first used, and not when the app starts. */
function net() {
  return process.getBuiltinModule("node:net");
}

/** The shorter way to the socket, from here or from the root; null where both are too long. */
function addressIn(folder: string): string | null {
  const path = join(folder, LOCK);
  const shortest = [path, relative("", path)].reduce((a, b) => (b.length < a.length ? b : a));
  return Buffer.byteLength(shortest) <= ADDRESS_BYTES_MAX ? shortest : null;
}
