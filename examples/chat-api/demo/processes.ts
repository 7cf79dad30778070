import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";

const STOP_TIMEOUT_MS = 15_000;
const OUTPUT_BYTES_KEPT = 8_192;

export type Env = Readonly<Record<string, string | undefined>>;

export interface ProcessOptions {
  readonly name: string;
  /** Arguments of this same Node binary. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Env;
}

/** A child of the demo. `failed` rejects when it ends before it was told to, with the end of what it printed. */
export interface RunningProcess {
  readonly failed: Promise<never>;
  /** Resolves with the first capture group of the first match in what the child prints. */
  printed(pattern: RegExp): Promise<string>;
  stop(): Promise<void>;
  /** SIGKILL to the whole group, as a crash would end it. Resolves when the child is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a child in a process group of its own: Ctrl-C in the terminal then reaches the demo alone, which stops its
 * children in order instead of all of them falling at once.
 */
export function startProcess({ name, args, cwd, env }: ProcessOptions): RunningProcess {
  const child = spawn(process.execPath, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let stopping = false;
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-OUTPUT_BYTES_KEPT);
      for (const listener of listeners) listener();
    });
  }
  const failed = new Promise<never>((_, reject) => {
    child.once("close", (code, signal) => {
      if (!stopping) reject(new Error(`${name} ended by itself (${signal ?? `code ${code}`}):\n${output}`));
    });
  });
  // Whoever waits for the child sees the rejection; with nobody waiting it must not end the demo before it has cleaned up.
  failed.catch(() => undefined);

  const printed = (pattern: RegExp): Promise<string> =>
    Promise.race([
      failed,
      new Promise<string>((resolve) => {
        const look = (): void => {
          const found = pattern.exec(output)?.[1];
          if (found !== undefined) resolve(found);
        };
        listeners.add(look);
        look();
      }),
    ]);

  const stop = async (): Promise<void> => {
    stopping = true;
    await stopChild(child);
  };
  const kill = async (): Promise<void> => {
    stopping = true;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
    if (child.pid !== undefined) killGroup(child.pid);
    await ended;
  };
  return { failed, printed, stop, kill };
}

/** Asks first, so that queues drain and the database shuts down; then ends what is left of the whole group. */
async function stopChild(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    const force = setTimeout(() => killGroup(pid), STOP_TIMEOUT_MS);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
    clearTimeout(force);
  }
  killGroup(pid);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left, as it should be.
  }
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async (): Promise<Server> => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
