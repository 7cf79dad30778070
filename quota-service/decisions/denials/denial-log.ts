import type { ReservationDecision } from "@quotel/conventions";
import { addDenials } from "#database/denials/add-denials";
import { KEPT_PER_MINUTE } from "#database/denials/denial";
import type { DenialCount, DeniedDecision } from "#database/denials/denial";
import { keepDeniedDecisions } from "#database/denials/keep-denied-decisions";
import { isUnavailable } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import type { Pool } from "pg";

const FLUSH_AFTER_MS = 1_000;
/** Tenants, resources, minutes and reasons that are counted in memory at most, should the database be away for long. */
const COUNTS_MAX = 50_000;
const MINUTE_MS = 60_000;

/**
 * Counts denials and keeps the first of each minute whole (I9: that is all a denial does). They are collected in memory
 * and written together within a second, so that a denial waits for nothing. Counted about once, then: a crash loses what
 * the last second brought (an orderly stop nothing), and a second whose commit was made but not heard of, because the
 * database went away with the answer, is written again.
 */
export class DenialLog {
  readonly #pool: Pool;
  readonly #log: { error(details: object, message: string): void };
  #counts = new Map<string, DenialCount>();
  #kept: DeniedDecision[] = [];
  #keptOf = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();
  /** Denials that were not counted, because the database was away for too long. */
  dropped = 0;

  constructor(pool: Pool, log: { error(details: object, message: string): void }) {
    this.#pool = pool;
    this.#log = log;
  }

  /** Counts a denial for every resource that it denied. */
  note(decision: ReservationDecision): void {
    const minuteMs = Math.floor(Date.parse(decision.asOf) / MINUTE_MS) * MINUTE_MS;
    const { tenantId } = decision;
    const reason = decision.reason ?? "UNAVAILABLE";
    for (const resource of deniedResources(decision)) {
      this.#add({ tenantId, resource, minuteMs, reason, denials: 1 });
      this.#keep({ resource, minuteMs, decision });
    }
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS).unref();
  }

  /** Writes what is collected; resolves when it is written, or when the database is away and it waits for the next time. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async #write(): Promise<void> {
    const counts = this.#counts;
    const kept = this.#kept;
    if (counts.size === 0) return;
    this.#counts = new Map();
    this.#kept = [];
    this.#keptOf = new Map();
    try {
      await inTransaction(this.#pool, async (client) => {
        await addDenials(client, [...counts.values()]);
        await keepDeniedDecisions(client, kept);
      });
    } catch (error) {
      this.#log.error({ err: error }, "denials could not be counted");
      if (!isUnavailable(error)) return;
      for (const count of counts.values()) this.#add(count);
      for (const denied of kept) this.#keep(denied);
      this.#timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS).unref();
    }
  }

  #add(count: DenialCount): void {
    const { tenantId, resource, minuteMs, reason } = count;
    const key = `${tenantId} ${resource} ${minuteMs} ${reason}`;
    const known = this.#counts.get(key);
    if (known === undefined && this.#counts.size >= COUNTS_MAX) {
      this.dropped += count.denials;
      return;
    }
    this.#counts.set(key, known ? { ...known, denials: known.denials + count.denials } : count);
  }

  #keep(denied: DeniedDecision): void {
    const key = `${denied.decision.tenantId} ${denied.resource} ${denied.minuteMs}`;
    const before = this.#keptOf.get(key) ?? 0;
    if (before >= KEPT_PER_MINUTE || this.#keptOf.size >= COUNTS_MAX) return;
    this.#keptOf.set(key, before + 1);
    this.#kept.push(denied);
  }
}

/** The resources that what was asked for did not fit; all of them where no limit was in the way. */
function deniedResources({ items }: ReservationDecision): ReadonlySet<string> {
  const denied = items.filter(({ allowed }) => !allowed);
  return new Set((denied.length > 0 ? denied : items).map(({ resource }) => resource));
}
