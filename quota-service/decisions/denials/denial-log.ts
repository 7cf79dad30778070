import type { ReservationDecision } from "@quotel/conventions";
import { randomUUIDv7 } from "node:crypto";
import { addDenials } from "#database/denials/add-denials";
import { claimBatch } from "#database/denials/claim-batch";
import { keepDeniedDecisions } from "#database/denials/keep-denied-decisions";
import { isRetryable, isUnavailable } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import type { Pool } from "pg";
import { DenialBatch } from "./denial-batch.ts";

const FLUSH_AFTER_MS = 1_000;

/**
 * Counts denials and keeps the first of each minute whole (I9: that is all a denial does). They are collected in memory
 * and written together within a second, so that a denial waits for nothing; a crash loses what the last second brought
 * (an orderly stop nothing). A batch whose commit nobody heard of, because the database went away with the answer, is
 * written again as it is, under the number by which the database knows whether it has it: each counts once.
 */
export class DenialLog {
  readonly #pool: Pool;
  readonly #log: { error(details: object, message: string): void };
  readonly #writerId = randomUUIDv7();
  #collecting = new DenialBatch(1);
  /** What is being written, or has to be written again. Nothing is added to it any more. */
  #sent: DenialBatch | null = null;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();
  #dropped = 0;

  constructor(pool: Pool, log: { error(details: object, message: string): void }) {
    this.#pool = pool;
    this.#log = log;
  }

  /** Denials that were not counted: the database was away for too long, or did not take them. */
  get dropped(): number {
    return this.#dropped + this.#collecting.dropped;
  }

  /** Counts a denial for every resource that it denied. */
  note(decision: ReservationDecision): void {
    this.#collecting.add(decision);
    this.#flushLater();
  }

  /** Writes what is collected; resolves when it is written, or when the database is away and it waits for the next time. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#flushing = this.#flushing.then(() => this.#writeAll());
    return this.#flushing;
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS).unref();
  }

  /** What waits from the last time, then what came since. */
  async #writeAll(): Promise<void> {
    if (this.#sent !== null) await this.#write(this.#sent);
    if (this.#sent !== null || this.#collecting.isEmpty) return;
    this.#sent = this.#collecting;
    this.#dropped += this.#sent.dropped;
    this.#collecting = new DenialBatch(this.#sent.number + 1);
    await this.#write(this.#sent);
  }

  async #write(batch: DenialBatch): Promise<void> {
    try {
      await inTransaction(this.#pool, async (client) => {
        if (!(await claimBatch(client, { writerId: this.#writerId, batch: batch.number }))) return;
        await addDenials(client, batch.counts);
        await keepDeniedDecisions(client, batch.kept);
      });
      this.#sent = null;
    } catch (error) {
      this.#log.error({ err: error }, "denials could not be counted");
      if (isUnavailable(error) || isRetryable(error)) return this.#flushLater();
      this.#dropped += batch.counts.reduce((sum, { denials }) => sum + denials, 0);
      this.#sent = null;
    }
  }
}
