import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { ANY_PORTS, type Ports, type Receiver } from "../protocol.ts";

/** The key of every collector here. */
export const INGEST_KEY = "a-key-for-interoperating-peers";

export interface CollectorProcess extends Receiver {
  /** `kill -9`: no drain, no answers to what is in flight. Resolves when it is gone. */
  readonly kill: () => Promise<void>;
}

/**
 * The collector as `npm run collector` runs it, listening when this resolves. A restart names the ports it had. It ends
 * with the test.
 */
export async function startCollectorProcess(databaseUrl: string, ports: Ports = ANY_PORTS): Promise<CollectorProcess> {
  const main = join(import.meta.dirname, "../../../collector/main.ts");
  const child = spawn(process.execPath, ["-C", "quotel-source", main], {
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: databaseUrl,
      QUOTEL_COLLECTOR_PORT: ports["http/protobuf"],
      QUOTEL_GRPC_PORT: ports.grpc,
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
  return { urls: await listeningUrls(child), kill };
}

/** How many usage events that it was sent it knew already. */
export async function duplicatesSeen({ urls }: CollectorProcess): Promise<number> {
  const metrics = await (await fetch(new URL("/metrics", urls["http/protobuf"]))).text();
  const counted = /^quotel_collector_events_total\{outcome="duplicate"\} (\d+)$/m.exec(metrics);
  if (counted === null) throw new Error(`the collector does not count duplicates:\n${metrics}`);
  return Number(counted[1]);
}

/** What it says it listens on; throws with all it said if it ends instead. */
async function listeningUrls(child: ChildProcess): Promise<Receiver["urls"]> {
  const seen: string[] = [];
  // Its later lines are still read, so that it never waits for us.
  const lines = createInterface({ input: child.stdout! });
  return new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      const { url, grpcUrl } = JSON.parse(line) as { readonly url?: string; readonly grpcUrl?: string };
      if (url === undefined || grpcUrl === undefined) seen.push(line);
      else resolve({ "http/protobuf": url, grpc: grpcUrl });
    });
    lines.on("close", () => reject(new Error(`the collector did not start:\n${seen.join("\n")}`)));
  });
}
