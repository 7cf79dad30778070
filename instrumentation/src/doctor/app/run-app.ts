import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Observation } from "./observation.ts";
import { FOLDER_VARIABLE, OWN_OPTIONS_VARIABLE } from "./variables.ts";

export interface AppRun {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Modules that each of its Node processes loads first. */
  readonly imports: readonly URL[];
  /** Ends it (SIGTERM) after so long; null = when it ends. */
  readonly forMs: number | null;
  /** Where its output goes: with ours, or to stderr, so that ours alone is on stdout. */
  readonly output: "stdout" | "stderr";
}

/** After its SIGTERM an app that does not end is killed. */
const PATIENCE_MS = 10_000;

export type RunResult =
  | { readonly kind: "ran"; readonly observations: readonly Observation[] }
  | { readonly kind: "not_started"; readonly reason: string };

/**
 * Runs the app's command until it ends, and collects what was observed of its Node processes. Ctrl-C and SIGTERM end the app,
 * and the doctor says what it has seen.
 */
export async function runApp(run: AppRun): Promise<RunResult> {
  const folder = await mkdtemp(join(tmpdir(), "quotel-doctor-"));
  // At a terminal the app gets it, too.
  const ignore = (): void => {};
  process.on("SIGINT", ignore);
  try {
    const reason = await ended(run, folder);
    if (reason !== null) return { kind: "not_started", reason };
    const files = (await readdir(folder)).sort();
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    return { kind: "ran", observations: texts.map((text) => JSON.parse(text) as Observation) };
  } finally {
    process.off("SIGINT", ignore);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves when the app has ended: to null, or to why it could not be started. */
function ended({ command, imports, forMs, output }: AppRun, folder: string): Promise<string | null> {
  const [program = "", ...args] = command;
  return new Promise((resolve) => {
    const ownOptions = process.env["NODE_OPTIONS"] ?? "";
    const child = spawn(program, args, {
      stdio: ["inherit", output === "stderr" ? 2 : "inherit", "inherit"],
      env: {
        ...process.env,
        NODE_OPTIONS: `${ownOptions} ${imports.map(({ href }) => `--import=${href}`).join(" ")}`.trim(),
        [FOLDER_VARIABLE]: folder,
        [OWN_OPTIONS_VARIABLE]: ownOptions,
      },
    });
    const timers: NodeJS.Timeout[] = [];
    const terminate = (): void => void child.kill("SIGTERM");
    process.on("SIGTERM", terminate);
    if (forMs !== null) {
      timers.push(setTimeout(terminate, forMs));
      timers.push(setTimeout(() => child.kill("SIGKILL"), forMs + PATIENCE_MS));
    }
    const settle = (reason: string | null): void => {
      for (const timer of timers) clearTimeout(timer);
      process.off("SIGTERM", terminate);
      resolve(reason);
    };
    child.once("error", (error) => settle(error.message));
    child.once("exit", () => settle(null));
  });
}
