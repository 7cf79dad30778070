import type { ReservationDecision } from "@quotel/conventions";
import { KEPT_PER_MINUTE } from "#database/denials/denial";
import type { DenialCount, DeniedDecision } from "#database/denials/denial";

/** Tenants, resources, minutes and reasons that are counted at most, should the database be away for long. */
const COUNTS_MAX = 50_000;
const MINUTE_MS = 60_000;

/** Denials that are written together: their counts, and the first of each tenant, resource and minute whole. */
export class DenialBatch {
  /** Counts up with every batch of a process. */
  readonly number: number;
  readonly #counts = new Map<string, DenialCount>();
  readonly #kept: DeniedDecision[] = [];
  readonly #keptOf = new Map<string, number>();
  #dropped = 0;

  constructor(number: number) {
    this.number = number;
  }

  /** Counts a denial for every resource that it denied. */
  add(decision: ReservationDecision): void {
    const minuteMs = Math.floor(Date.parse(decision.asOf) / MINUTE_MS) * MINUTE_MS;
    const { tenantId } = decision;
    const reason = decision.reason ?? "UNAVAILABLE";
    for (const resource of deniedResources(decision)) {
      this.#count({ tenantId, resource, minuteMs, reason, denials: 1 });
      this.#keep({ resource, minuteMs, decision });
    }
  }

  get counts(): readonly DenialCount[] {
    return [...this.#counts.values()];
  }

  get kept(): readonly DeniedDecision[] {
    return this.#kept;
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Denials that found no place. */
  get dropped(): number {
    return this.#dropped;
  }

  #count(count: DenialCount): void {
    const { tenantId, resource, minuteMs, reason } = count;
    const key = `${tenantId} ${resource} ${minuteMs} ${reason}`;
    const known = this.#counts.get(key);
    if (known === undefined && this.#counts.size >= COUNTS_MAX) {
      this.#dropped += count.denials;
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
