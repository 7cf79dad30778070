import type { Intake } from "./intake.ts";

/** A collector calls a process silent after five minutes. */
const INTERVAL_MS = 60_000;

/** What a heartbeat tells; all of it goes along. */
interface Counters extends Readonly<Record<string, number>> {
  readonly recorded: number;
  readonly dropped: number;
}

/** Tells the collector every minute, from the first record on, how the process stands. Keeps nothing alive. */
export class Heartbeat {
  readonly #intake: Intake;
  readonly #counters: () => Counters;
  readonly #timer: NodeJS.Timeout;
  #lossTold = 0;

  constructor(intake: Intake, counters: () => Counters) {
    this.#intake = intake;
    this.#counters = counters;
    this.#timer = setInterval(() => {
      if (counters().recorded > 0) this.#beat();
    }, INTERVAL_MS).unref();
  }

  /** Tells of loss since the last heartbeat, if there is any: nothing that follows might show the gap. */
  tellLoss(): void {
    if (this.#counters().dropped > this.#lossTold) this.#beat();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const told = this.#counters();
    this.#intake.addHeartbeat(told);
    // Where there was no room for it either, the next one tells.
    if (this.#counters().dropped === told.dropped) this.#lossTold = told.dropped;
  }
}
