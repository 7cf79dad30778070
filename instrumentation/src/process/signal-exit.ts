/** What every copy of the package `signal-exit` shares: how many of them listen to each signal. */
interface SignalExitEmitter {
  readonly count: number;
}

/** Where versions 4 and 3 keep it. */
const VERSION_4 = Symbol.for("signal-exit emitter");
const VERSION_3 = "__signal_exit_emitter__";

/**
 * How many listeners of a signal are those of `signal-exit`, on which many packages build. Each ends the process, but only
 * where no others listen; were they taken for handlers of the app's, each side would leave the end to the other.
 */
export function signalExitListeners(): number {
  const version4 = (globalThis as { [VERSION_4]?: SignalExitEmitter })[VERSION_4];
  const version3 = (process as { [VERSION_3]?: SignalExitEmitter })[VERSION_3];
  return [version4, version3].reduce((sum, emitter) => sum + (emitter?.count ?? 0), 0);
}
