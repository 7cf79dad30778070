import { setTimeout as sleep } from "node:timers/promises";
import { isUnavailable } from "#database/sqlstate";

/** How long who found the database away waits to hear whether it was only the connection. */
const CONFIRM_WITHIN_MS = 500;
const PROBE_AFTER_MS_FIRST = 100;
const PROBE_AFTER_MS_MAX = 2_000;

/** The gate is closed: nothing was sent. */
class DatabaseAway extends Error {
  override readonly name = "DatabaseAway";
}

/**
 * Stands before the database. When it is found away, the gate closes: whoever comes is answered without it at once, and one
 * probe at a time tries it, ever less often, until it answers. So an outage costs nobody the time-out of a connection, and
 * its end brings no storm.
 */
export class DatabaseGate {
  readonly #probe: () => Promise<unknown>;
  readonly #log: { error(details: object, message: string): void };
  readonly #stopping = new AbortController();
  #probing: Promise<boolean> | null = null;
  #closed = false;

  /** @param probe resolves when the database answers */
  constructor(probe: () => Promise<unknown>, log: { error(details: object, message: string): void }) {
    this.#probe = probe;
    this.#log = log;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Does the work, or answers without it where the database is away. Anything else that the work throws goes up.
   *
   * @param again whether the work may be done a second time, after a connection was lost and the database is there all the
   *   same; it may have been done already
   */
  async pass<T>(work: () => Promise<T>, away: () => T, again: boolean): Promise<T> {
    for (let retried = false; ; retried = true) {
      if (this.#closed) return away();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof DatabaseAway) && !isUnavailable(error)) throw error;
        const isThere = await this.#confirm(error);
        if (!isThere || !again || retried) return away();
      }
    }
  }

  /** For work that has waited since it passed: refuses it where the gate has closed meanwhile. */
  guard<T>(work: () => Promise<T>): Promise<T> {
    return this.#closed ? Promise.reject(new DatabaseAway()) : work();
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Whether the database answers after all. Where it does not within a moment, the gate is closed. */
  async #confirm(error: unknown): Promise<boolean> {
    if (this.#closed) return false;
    this.#probing ??= this.#answers();
    const isThere = await Promise.race([this.#probing, sleep(CONFIRM_WITHIN_MS, false, { ref: false })]);
    if (!isThere && !this.#closed) {
      this.#closed = true;
      this.#log.error({ err: error }, "the database is away");
      void this.#reopen();
    }
    return isThere;
  }

  async #reopen(): Promise<void> {
    let waitMs = PROBE_AFTER_MS_FIRST;
    // A probe that the closing did not wait for is still the one probe.
    let isThere = (await this.#probing) ?? false;
    while (!isThere && !this.#stopping.signal.aborted) {
      // Services that lost it together do not come back together.
      const jitter = 0.5 + Math.random() / 2;
      await sleep(waitMs * jitter, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => {});
      waitMs = Math.min(waitMs * 2, PROBE_AFTER_MS_MAX);
      isThere = await this.#answers();
    }
    this.#closed = false;
  }

  async #answers(): Promise<boolean> {
    try {
      await this.#probe();
      return true;
    } catch {
      return false;
    } finally {
      this.#probing = null;
    }
  }
}
