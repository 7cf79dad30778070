import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "./compose-file.ts";

const START_TIMEOUT_MS = 40_000;
const RECORDER = new URL("./record-variables.ts", import.meta.url).href;

/** A command of the compose file as a process here, with an environment of its own. */
export class RunningService {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #recordFile: string;
  #output = "";

  constructor(name: string, command: readonly string[], env: Readonly<Record<string, string>>, folder: string) {
    const [program = "", ...args] = command;
    this.#name = name;
    this.#recordFile = join(folder, `${name}.variables`);
    this.#child = spawn(program, args, {
      cwd: ROOT,
      // A group of its own, so that npm and what it runs can be stopped together.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        ...env,
        QUOTEL_DATA_DIR: join(folder, "data"),
        RECORD_VARIABLES_IN: this.#recordFile,
        NODE_OPTIONS: `--import ${RECORDER}`,
      },
    });
    this.#child.on("error", (error) => (this.#output += error.message));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    }
  }

  /** Resolves once the URL answers with this status; rejects when the process ends first or takes too long. */
  async ready(url: string, status: number): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      if (this.#child.exitCode !== null) throw this.#failure(`ended with ${this.#child.exitCode}`);
      if ((await statusOf(url)) === status) return;
      await sleep(50);
    }
    throw this.#failure(`did not become ready at ${url}`);
  }

  /** Resolves when a one-shot command has succeeded. */
  async succeeded(): Promise<void> {
    const code = await this.#exit();
    if (code !== 0) throw this.#failure(`ended with ${code}`);
  }

  /** Ends it as `docker stop` does; rejects if it ignores that. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    const { pid } = this.#child;
    const exited = this.#exit();
    process.kill(-pid, "SIGTERM");
    const stopped = await Promise.race([exited.then(() => true), sleep(10_000, false, { ref: false })]);
    if (stopped) return;
    process.kill(-pid, "SIGKILL");
    throw this.#failure("did not end on SIGTERM");
  }

  /** Names of the environment variables that it has looked at. */
  async variables(): Promise<Set<string>> {
    return new Set((await readFile(this.#recordFile, "utf8")).trimEnd().split("\n"));
  }

  #exit(): Promise<number | null> {
    if (this.#child.exitCode !== null) return Promise.resolve(this.#child.exitCode);
    return new Promise((resolve, reject) => {
      this.#child.once("error", reject).once("exit", (code) => resolve(code));
    });
  }

  #failure(what: string): Error {
    return new Error(`${this.#name} ${what}:\n${this.#output}`);
  }
}

async function statusOf(url: string): Promise<number | null> {
  return fetch(url).then(
    (response) => response.status,
    () => null,
  );
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
