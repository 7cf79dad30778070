import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** An app running as a process of its own. */
export interface RunningApp {
  readonly url: string;
  /** What it wrote to stderr. */
  stderr(): string;
  /** Ends it by `signal`, or asks it to end by itself; resolves to how it ended. */
  end(how: NodeJS.Signals | "finish"): Promise<{ code: number | null; signal: NodeJS.Signals | null; ms: number }>;
}

export interface StartOptions {
  readonly env: Readonly<Record<string, string>>;
  /** The app to start, instead of `fixture-app.ts`. It prints its URL. */
  readonly file?: URL;
  /** Run the built package, as a user would, instead of its sources. */
  readonly built?: boolean;
  /** Load `register` from another copy of the package than the app's. */
  readonly registerFrom?: string;
  /** What is loaded before the app, in this order; default: `register` alone. */
  readonly imports?: readonly string[];
}

const FIXTURE = new URL("./fixture-app.ts", import.meta.url);

/** Starts an app with `--import @quotel/instrumentation/register`, or what `imports` says. */
export async function startApp({
  env,
  file = FIXTURE,
  built = false,
  registerFrom = "@quotel/instrumentation/register",
  imports = [registerFrom],
}: StartOptions): Promise<RunningApp> {
  const condition = built ? [] : ["-C", "quotel-source"];
  // No app inherits from another test's.
  const spool = await mkdtemp(join(tmpdir(), "quotel-spool-"));
  const child = spawn(
    process.execPath,
    [...condition, ...imports.flatMap((name) => ["--import", name]), file.pathname],
    {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { PATH: process.env["PATH"] ?? "", QUOTEL_SPOOL_DIR: spool, ...env },
    },
  );
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const url = await Promise.race([
    once(createInterface(child.stdout!), "line").then(([line]) => String(line)),
    ended.then(() => Promise.reject(new Error(`the app did not start: ${stderr}`))),
  ]);
  return {
    url,
    stderr: () => stderr,
    async end(how) {
      const startedAt = performance.now();
      if (how === "finish") child.send("finish");
      else child.kill(how);
      const [code, signal] = await ended;
      const ms = performance.now() - startedAt;
      await rm(spool, { recursive: true, force: true });
      return { code, signal, ms };
    },
  };
}
