import type { Intake } from "./intake.ts";

/** A collector calls a process silent after five minutes. */
const INTERVAL_MS = 60_000;

/** What a heartbeat tells; all of it goes along. */
interface Counters extends Readonly<Record<string, number>> {
  readonly recorded: number;
  readonly dropped: number;
}

/** What goes up while all is well. */
const IN_ORDER: ReadonlySet<string> = new Set(["recorded", "acknowledged", "replayed", "waiting", "retries"]);

/** Tells the collector every minute, from the first record on, how the process stands. Keeps nothing alive. */
export class Heartbeat {
  readonly #intake: Intake;
  readonly #counters: () => Counters;
  readonly #timer: NodeJS.Timeout;
  #troubleTold = 0;

  constructor(intake: Intake, counters: () => Counters) {
    this.#intake = intake;
    this.#counters = counters;
    this.#timer = setInterval(() => {
      if (counters().recorded > 0) this.#beat();
    }, INTERVAL_MS).unref();
  }

  /** Tells of trouble since the last heartbeat, if there was any: nothing that follows might show it, or the gap. */
  tellTrouble(): void {
    if (troubleIn(this.#counters()) > this.#troubleTold) this.#beat();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const told = this.#counters();
    this.#intake.addHeartbeat(told);
    // Where there was no room for it either, the next one tells.
    if (this.#counters().dropped === told.dropped) this.#troubleTold = troubleIn(told);
  }
}

/** How much of what was counted is no part of metering as it should be: loss, refusals, decisions without the service. */
function troubleIn(counters: Counters): number {
  return Object.entries(counters).reduce((sum, [name, count]) => (IN_ORDER.has(name) ? sum : sum + count), 0);
}
