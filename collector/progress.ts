import { SingleBar } from "cli-progress";

export interface Progress {
  /** @param done how far it is by now, in the units of the total */
  update(done: number): void;
  stop(): void;
}

/** A bar on stderr while a command works; nothing where stderr is no terminal. */
export function startProgress(what: string, total: number): Progress {
  const bar = new SingleBar({
    format: `${what} [{bar}] {percentage}% | {value}/{total} | {eta_formatted} left`,
    hideCursor: true,
    // A timer of its own would keep a failed command alive.
    synchronousUpdate: true,
  });
  bar.start(total, 0);
  return { update: (done) => bar.update(Math.min(done, total)), stop: () => bar.stop() };
}
