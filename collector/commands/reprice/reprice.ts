import type { Pool } from "pg";
import { utcDayOfMicros } from "#database/periods/instant";
import { tokensOf } from "#database/record/amounts";
import type { UsageEvent } from "#database/record/usage-event";
import { asOwner } from "#database/operator/as-owner";
import { applyPrices } from "#database/repair/reprice/apply-prices";
import { countPriced, readPricedPage } from "#database/repair/reprice/read-page";
import { readSealedBefore } from "#database/retention/read-sealed-before";
import { isRetryable } from "#database/sqlstate";
import type { Price } from "../../price/price.ts";

const DAY_MICROS = 86_400_000_000;
/** Lost races are tried again this often. */
const ATTEMPTS_MAX = 5;

export interface RepriceRequest {
  /** Events that ended in [fromMs, toMs), Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Null = all. */
  readonly tenantId: string | null;
  /** Look and report, change nothing. */
  readonly dryRun: boolean;
}

/** Of the events that have a price or could have one. */
export interface RepriceSummary {
  readonly seen: number;
  readonly changed: number;
  /** Sums in nano-USD; an unknown price adds nothing. */
  readonly costBefore: bigint;
  readonly costAfter: bigint;
  /** Events with tokens and no price. */
  readonly unpricedBefore: number;
  readonly unpricedAfter: number;
}

export type RepriceOutcome =
  | { readonly kind: "repriced"; readonly summary: RepriceSummary }
  /** The ledger has no longer every event of the range. What was repriced by then is right and stays. */
  | { readonly kind: "sealed"; readonly sealedBefore: string };

/**
 * Prices the events of a range again by what is known today; the instant that decides a price is still the span's. Changes
 * only events whose price differs, a few thousand per transaction (see `applyPrices`), while traffic goes on; repeated,
 * it changes nothing.
 *
 * @param onProgress told how many events have been seen, of how many
 */
export async function reprice(
  pool: Pool,
  price: Price,
  { fromMs, toMs, tenantId, dryRun }: RepriceRequest,
  onProgress: (seen: number, total: number) => void,
): Promise<RepriceOutcome> {
  const range = { fromMicros: fromMs * 1000, toMicros: toMs * 1000, tenantId };
  const isSealed = async (day: string): Promise<string | null> => {
    const sealedBefore = await asOwner(pool, readSealedBefore);
    return sealedBefore !== null && day < sealedBefore ? sealedBefore : null;
  };
  const sealed = await isSealed(utcDayOfMicros(range.fromMicros));
  if (sealed !== null) return { kind: "sealed", sealedBefore: sealed };

  const total = await asOwner(pool, (client) => countPriced(client, range));
  const summary = { seen: 0, changed: 0, costBefore: 0n, costAfter: 0n, unpricedBefore: 0, unpricedAfter: 0 };
  for (const eventDay of daysOf(range.fromMicros, range.toMicros)) {
    let last: UsageEvent | null = null;
    for (;;) {
      const events: UsageEvent[] = await asOwner(pool, (client) =>
        readPricedPage(client, { ...range, eventDay }, last),
      );
      last = events.at(-1) ?? null;
      if (last === null) break;
      const prices = events.map((event) => ({ event, costNanoUsd: price(event) }));
      const different = prices.filter(({ event, costNanoUsd }) => event.costNanoUsd !== costNanoUsd);
      if (dryRun) summary.changed += different.length;
      else if (different.length > 0) {
        summary.changed += (await withRetries(() => applyPrices(pool, eventDay, different))).length;
      }
      for (const { event, costNanoUsd } of prices) {
        summary.seen += 1;
        summary.costBefore += BigInt(event.costNanoUsd ?? 0);
        summary.costAfter += BigInt(costNanoUsd ?? 0);
        if (tokensOf(event) === 0) continue;
        summary.unpricedBefore += Number(event.costNanoUsd === null);
        summary.unpricedAfter += Number(costNanoUsd === null);
      }
      onProgress(summary.seen, total);
    }
    // Days go in order, the oldest first: one that was dropped meanwhile may have been so in the middle.
    const sealedMeanwhile = await isSealed(eventDay);
    if (sealedMeanwhile !== null) return { kind: "sealed", sealedBefore: sealedMeanwhile };
  }
  return { kind: "repriced", summary };
}

/** UTC days with events that end in [fromMicros, toMicros), ascending. */
function daysOf(fromMicros: number, toMicros: number): string[] {
  const days: string[] = [];
  for (let at = Math.floor(fromMicros / DAY_MICROS) * DAY_MICROS; at < toMicros; at += DAY_MICROS) {
    days.push(utcDayOfMicros(at));
  }
  return days;
}

async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
    }
  }
}
