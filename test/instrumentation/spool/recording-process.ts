import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { MeterCounters } from "../../../instrumentation/src/metering/meter.ts";

export type Command =
  | { readonly do: "record"; readonly count: number }
  | { readonly do: "record items"; readonly signal: "metrics" | "logs"; readonly count: number }
  | { readonly do: "counters" }
  | { readonly do: "record and exit"; readonly count: number; readonly code: number }
  | { readonly do: "record and throw"; readonly count: number }
  | { readonly do: "handle SIGTERM"; readonly code: number }
  | { readonly do: "listen like signal-exit" }
  | { readonly do: "end" };

export interface RecordingProcess {
  /** Sends a command that is answered with the counters. */
  ask(command: Command): Promise<MeterCounters>;
  /** Ends it by a signal or a command; resolves to how it ended. */
  end(how: NodeJS.Signals | Command): Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

export interface RecordingOptions {
  readonly endpoint: string;
  readonly spool: string | null;
  readonly bytesMax?: number;
  readonly queueBytesMax?: number;
  /** Largest file its disk takes; a write beyond fails, as on a full disk. */
  readonly fileBytesMax?: number;
}

/** Starts a process that meters; resolves when it listens to commands. */
export async function startRecording(options: RecordingOptions): Promise<RecordingProcess> {
  const settings = { bytesMax: 2 ** 28, queueBytesMax: 2 ** 25, ...options };
  const child = fork(new URL("./recorder.ts", import.meta.url), [JSON.stringify(settings)], {
    execPath: "prlimit",
    execArgv: [`--fsize=${options.fileBytesMax ?? "unlimited"}`, process.execPath, "-C", "quotel-source"],
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const answer = async () => ((await once(child, "message")) as [MeterCounters])[0];
  await answer();
  return {
    ask(command) {
      const counters = answer();
      child.send(command);
      return counters;
    },
    async end(how) {
      const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
      if (typeof how === "string") child.kill(how);
      else child.send(how);
      const [code, signal] = await closed;
      return { code, signal, stderr };
    },
  };
}

/** A folder for a spool. */
export interface SpoolFolder {
  readonly path: string;
  /** Everything in it that is not a folder, by its path in it. */
  files(): Promise<string[]>;
  /** Deletes it. */
  remove(): Promise<void>;
}

export async function spoolFolder(): Promise<SpoolFolder> {
  const path = await mkdtemp(join(tmpdir(), "quotel-spool-"));
  return {
    path,
    async files() {
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
        .sort();
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
