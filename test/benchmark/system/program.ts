import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const ROOT = join(import.meta.dirname, "../../..");
const START_TIMEOUT_MS = 60_000;

export interface ProgramOptions {
  /** Where the program's CPU profile is left when it has ended, in a folder of its name; null, the default = nowhere. */
  readonly profileFolder?: string | null;
  /** Modules that Node loads before it (`--import`), as paths in this repository. */
  readonly imports?: readonly string[];
}

/** A server that runs as a process of its own. */
export interface RunningProgram {
  readonly url: string;
  /** SIGTERM; resolves when it is gone. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a TypeScript program of this repository, with Node's options of the npm scripts and an environment of its own,
 * and resolves with the first URL it prints. Rejects, with what it said, when it ends before.
 */
export async function startProgram(
  file: string,
  env: Readonly<Record<string, string>>,
  { profileFolder = null, imports = [] }: ProgramOptions = {},
): Promise<RunningProgram> {
  const profiling =
    profileFolder === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${join(profileFolder, dirname(file))}`];
  const imported = imports.flatMap((module) => ["--import", pathToFileURL(join(ROOT, module)).href]);
  const child = spawn(process.execPath, ["-C", "quotel-source", ...profiling, ...imported, join(ROOT, file)], {
    // As in our image.
    env: { PATH: process.env["PATH"], NODE_ENV: "production", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = (): void => void child.kill();
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  let output = "";
  const url = new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${file} ${why}:\n${output}`));
    const timer = setTimeout(() => fail("printed no URL"), START_TIMEOUT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = `${output}${text}`.slice(-10_000);
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      });
    }
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      fail(`ended (${signal ?? code})`);
    });
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  };
  return { url: await url, stop };
}
