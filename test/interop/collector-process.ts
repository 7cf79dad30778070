import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** The key of every collector here. */
export const INGEST_KEY = "a-key-for-interoperating-peers";

export interface CollectorProcess {
  readonly url: string;
  /** `kill -9`: no drain, no answers to what is in flight. Resolves when it is gone. */
  readonly kill: () => Promise<void>;
}

/**
 * The collector as `npm run collector` runs it, listening when this resolves. Port 0 is any free one; a restart names
 * the port it had. It ends with the test.
 */
export async function startCollectorProcess(databaseUrl: string, port = "0"): Promise<CollectorProcess> {
  const main = join(import.meta.dirname, "../../collector/main.ts");
  const child = spawn(process.execPath, ["-C", "quotel-source", main], {
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: databaseUrl,
      QUOTEL_COLLECTOR_PORT: port,
      QUOTEL_INGEST_KEY: INGEST_KEY,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  return { url: await listeningUrl(child), kill };
}

/** What it says it listens on; throws with all it said if it ends instead. */
async function listeningUrl(child: ChildProcess): Promise<string> {
  const seen: string[] = [];
  // Its later lines are still read, so that it never waits for us.
  const lines = createInterface({ input: child.stdout! });
  return new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      const { url } = JSON.parse(line) as { readonly url?: string };
      if (url === undefined) seen.push(line);
      else resolve(url);
    });
    lines.on("close", () => reject(new Error(`the collector did not start:\n${seen.join("\n")}`)));
  });
}
