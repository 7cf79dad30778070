/** How long the exporter is to rest before its next request. */
export interface Rest {
  readonly ms: number;
  /** The collector asked for it: only the end of the process cuts it short. */
  readonly asked: boolean;
}

export const NO_REST: Rest = { ms: 0, asked: false };

/** 2^31 - 1 ms is the longest timer there is. */
const TIMER_MS_MAX = 2_147_483_647;

/** A rest that can be cut short. Keeps nothing alive. */
export class Pause {
  #cut: ((force: boolean) => void) | null = null;

  /** Resolves when the rest is over, or was cut. */
  rest({ ms, asked }: Rest): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout;
      const waitOn = (leftMs: number) => {
        if (leftMs <= 0) return resolve();
        timer = setTimeout(() => waitOn(leftMs - TIMER_MS_MAX), Math.min(leftMs, TIMER_MS_MAX)).unref();
      };
      waitOn(ms);
      this.#cut = (force) => {
        if (asked && !force) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends a rest that nobody asked for; with `force` any. */
  cut(force: boolean): void {
    this.#cut?.(force);
  }
}
