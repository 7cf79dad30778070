/** Work that goes on in the background until it is stopped. */
export interface Repeating {
  /** Resolves when nothing is running any more. */
  readonly stop: () => Promise<void>;
}

export interface RepeatOptions {
  /** How long to wait after a run that took this long; also before the first one, with 0. */
  readonly pauseMs: (tookMs: number) => number;
  /** A run that fails is not the last one: this is told, and the next run does the work. */
  readonly onError: (error: unknown) => void;
}

/** Runs `work` again and again, one run at a time. Keeps no process alive. */
export function repeat(work: () => Promise<unknown>, { pauseMs, onError }: RepeatOptions): Repeating {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const run = async (): Promise<void> => {
    const startMs = performance.now();
    await work().catch(onError);
    if (!stopped) schedule(performance.now() - startMs);
  };
  const schedule = (tookMs: number): void => {
    timer = setTimeout(() => {
      running = run();
    }, pauseMs(tookMs));
    timer.unref();
  };
  schedule(0);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
