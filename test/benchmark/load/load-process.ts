import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Load, LoadResult } from "./load.ts";

type Answer = { readonly result: LoadResult } | { readonly error: string };

/** The process that sends the load, so that neither the servers nor the bench itself share its event loop. */
export class LoadProcess {
  readonly #child: ChildProcess;

  constructor() {
    const program = join(import.meta.dirname, "../programs/load.ts");
    this.#child = fork(program, { execArgv: ["-C", "quotel-source"], serialization: "advanced" });
  }

  /** One load at a time. Rejects when it broke off. */
  run(load: Load): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error("the load process ended"));
      this.#child.once("exit", ended);
      this.#child.once("message", (answer: Answer) => {
        this.#child.off("exit", ended);
        if ("error" in answer) reject(new Error(answer.error));
        else resolve(answer.result);
      });
      this.#child.send(load);
    });
  }

  stop(): void {
    this.#child.disconnect();
  }
}
