import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { inject, onTestFinished } from "vitest";
import { INGEST_KEY } from "../collector/collector-process.ts";
import { ANY_PORTS, type Ports, type Protocol, type Receiver } from "../protocol.ts";

export interface UpstreamOptions {
  /** The file of `config/`. */
  readonly config: "batching" | "persistent";
  /** Where it delivers, and how. */
  readonly target: Receiver;
  readonly protocol: Protocol;
  /** The folder of its persistent queue. */
  readonly storage?: string;
  /** A restart names those it had. */
  readonly ports?: Ports;
}

export interface UpstreamProcess extends Receiver {
  /** How often it has said, so far, that it has to deliver something again. */
  readonly retries: () => number;
  /** `kill -9`. Resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** SIGTERM: it delivers what it holds in memory. Resolves when it is gone. */
  readonly stop: () => Promise<void>;
}

interface LogLine {
  readonly msg?: string;
  readonly endpoint?: string;
}

/** The upstream Collector, ready when this resolves. It ends with the test. */
export async function startUpstream(options: UpstreamOptions): Promise<UpstreamProcess> {
  const child = spawn(inject("peers").upstreamCollector, ["--config", configFile(options.config)], {
    env: environment(options),
    stdio: ["ignore", "inherit", "pipe"],
  });
  const ended = once(child, "close");
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  onTestFinished(() => end("SIGKILL"));
  let retries = 0;
  const urls = await ready(child, ({ msg }) => {
    if (msg?.includes("Will retry the request") === true) retries++;
  });
  return { urls, retries: () => retries, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}

function configFile(name: UpstreamOptions["config"]): string {
  return join(import.meta.dirname, "config", `${name}.yaml`);
}

function environment({ target, protocol, storage, ports = ANY_PORTS }: UpstreamOptions): Record<string, string> {
  return {
    GRPC_PORT: ports.grpc,
    HTTP_PORT: ports["http/protobuf"],
    EXPORTER: protocol === "grpc" ? "otlp_grpc" : "otlp_http",
    TARGET_GRPC: new URL(target.urls.grpc).host,
    TARGET_HTTP: target.urls["http/protobuf"],
    TARGET_AUTHORIZATION: `Bearer ${INGEST_KEY}`,
    ...(storage === undefined ? {} : { STORAGE: storage }),
  };
}

/** Where it says it listens, once it says it is ready; throws with all it said if it ends instead. */
async function ready(child: ChildProcess, hear: (line: LogLine) => void): Promise<Receiver["urls"]> {
  const seen: string[] = [];
  let [http, grpc] = ["", ""];
  // Its later lines are still read: they are counted, and it never waits for us.
  const lines = createInterface({ input: child.stderr! });
  return new Promise((resolve, reject) => {
    lines.on("line", (text) => {
      const line = parse(text);
      hear(line);
      seen.push(text);
      if (line.msg === "Starting HTTP server") http = `http://${line.endpoint}`;
      if (line.msg === "Starting GRPC server") grpc = `http://${line.endpoint}`;
      if (line.msg?.startsWith("Everything is ready") === true) resolve({ "http/protobuf": http, grpc });
    });
    lines.on("close", () => reject(new Error(`the upstream Collector ended:\n${seen.join("\n")}`)));
  });
}

/** Its log is JSON, but what it says when it cannot start is not. */
function parse(line: string): LogLine {
  return line.startsWith("{") ? (JSON.parse(line) as LogLine) : {};
}
