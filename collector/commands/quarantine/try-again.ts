import type { Pool } from "pg";
import { utcDayOfMicros } from "#database/periods/instant";
import { lockQuarantined } from "#database/quarantine/lock-quarantined";
import type { Quarantined } from "#database/quarantine/read-quarantine";
import { resolveQuarantined } from "#database/quarantine/resolve-quarantined";
import { ensurePartitions } from "#database/record/ensure-partitions";
import { isDataError, isMissingPartition, isRetryable } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import type { TenantAttributes } from "../../normalise/tenant/tenant-attributes.ts";
import type { Price } from "../../price/price.ts";
import type { Attribution } from "../../record/attribution.ts";
import { readAgain } from "./read-again.ts";
import { instantOf, outsideHorizon, recordingOf } from "./record-again.ts";
import type { Usable } from "./record-again.ts";

/** What became of an item that was tried again. */
export type Retried =
  /** It counts now, or did already, and has left the quarantine. */
  | { readonly kind: "recorded" }
  /** It stays, for this reason of today. */
  | { readonly kind: "stays"; readonly reason: string };

export interface RetryParts {
  readonly pool: Pool;
  readonly attribution: Attribution;
  readonly price: Price;
  /** Looked at in what was kept of a span: a name configured since then is not in it. */
  readonly tenantAttributes: TenantAttributes;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const ATTEMPTS_MAX = 5;

/**
 * Takes an item through the pipeline again, under today's rules. What is recorded leaves the quarantine in the same
 * transaction, so it counts once, whoever else tries it again at the same time.
 */
export async function tryAgain(parts: RetryParts, item: Quarantined): Promise<Retried> {
  const never = neverReason(item);
  if (never !== null) return { kind: "stays", reason: never };
  const read = await readAgain(parts, item);
  if (read.kind === "unusable") return { kind: "stays", reason: read.reason };
  const outside = outsideHorizon(read, parts.now() * 1000);
  if (outside !== null) return { kind: "stays", reason: outside };
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await recordAndResolve(parts, item, read);
    } catch (error) {
      const isPartition = isMissingPartition(error);
      if (!isPartition && isDataError(error)) return { kind: "stays", reason: "unstorable" };
      if (attempts >= ATTEMPTS_MAX || !(isPartition || isRetryable(error))) throw error;
      const day = utcDayOfMicros(instantOf(read));
      if (isPartition) await ensurePartitions(parts.pool, day, day);
    }
  }
}

/** Why trying the item again can never help, or null. */
export function neverReason({ payload, reason }: Pick<Quarantined, "payload" | "reason">): string | null {
  if (payload === null) return "payload_not_kept";
  // The first one stays (I1).
  if (reason === "conflict") return "conflict";
  // What was beyond our limits was not kept, and may be what tells two streams apart.
  return reason === "too_many_attributes" ? reason : null;
}

async function recordAndResolve({ pool, attribution }: RetryParts, item: Quarantined, read: Usable): Promise<Retried> {
  const recording = await recordingOf(attribution, item, read);
  if (typeof recording === "string") return { kind: "stays", reason: recording };
  return inTransaction(pool, async (client): Promise<Retried> => {
    if ((await lockQuarantined(client, item.quarantineId)) === null)
      return { kind: "stays", reason: "taken_by_another" };
    const outcome = await recording(client);
    // A usage event that contradicts the ledger has a row of its own now.
    const isReplaced = outcome === "conflict" && read.kind === "event" && item.signal !== "event";
    if (outcome === "recorded" || isReplaced) {
      await resolveQuarantined(client, item.quarantineId, { kind: "replayed" });
    }
    return outcome === "recorded" ? { kind: "recorded" } : { kind: "stays", reason: "conflict" };
  });
}
