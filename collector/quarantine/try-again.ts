import type { Pool } from "pg";
import { CLAIMED_TENANT, asTenants } from "#database/attribution/claim";
import { resolveClaims } from "#database/attribution/resolve-claims";
import { findKeyById } from "#database/keys/find-key";
import { utcDayOfMicros } from "#database/periods/instant";
import { lockQuarantined } from "#database/quarantine/lock-quarantined";
import type { Quarantined } from "#database/quarantine/read-quarantine";
import { removeQuarantined } from "#database/quarantine/remove-quarantined";
import { ensurePartitions } from "#database/record/ensure-partitions";
import { recordEvents } from "#database/record/record-events";
import type { UsageEvent } from "#database/record/usage-event";
import { isDataError, isMissingPartition, isRetryable } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import type { TenantAttributes } from "../normalise/tenant/tenant-attributes.ts";
import { normalise } from "../normalise/usage/normalise.ts";
import type { Price } from "../price/price.ts";
import type { Attribution } from "../record/attribution.ts";
import { beyondHorizon } from "../record/horizon.ts";
import { spanOf } from "./span-content.ts";
import type { SpanContent } from "./span-content.ts";

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
  if (item.payload === null) return { kind: "stays", reason: "payload_not_kept" };
  const read = await eventOf(parts, item);
  if (typeof read === "string") return { kind: "stays", reason: read };
  const outside = beyondHorizon(read.endedAtMicros, parts.now() * 1000);
  if (outside !== null) return { kind: "stays", reason: outside };
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await recordAndRemove(parts, item, read);
    } catch (error) {
      const isPartition = isMissingPartition(error);
      if (!isPartition && isDataError(error)) return { kind: "stays", reason: "unstorable" };
      if (attempts >= ATTEMPTS_MAX || !(isPartition || isRetryable(error))) throw error;
      const day = utcDayOfMicros(read.endedAtMicros);
      if (isPartition) await ensurePartitions(parts.pool, day, day);
    }
  }
}

/** The usage event that the item is, or why it is none. */
async function eventOf({ pool, price, tenantAttributes }: RetryParts, item: Quarantined): Promise<UsageEvent | string> {
  if (item.signal === "event") {
    const event = item.payload as UsageEvent;
    const claimed = event.detail?.[CLAIMED_TENANT];
    const named = typeof claimed === "string" ? asTenants(event, claimed) : event;
    return { ...named, costNanoUsd: event.costNanoUsd ?? price(event) };
  }
  if (item.signal !== "span") return "not_replayable";
  const key = await findKeyById(pool, item.producerId);
  if (key === null) return "unknown_producer";
  const normalised = normalise(spanOf(item.payload as SpanContent), key, item.receivedAtMs * 1000, tenantAttributes);
  if (normalised.kind !== "event") return normalised.reason;
  return { ...normalised.event, costNanoUsd: price(normalised.event) };
}

async function recordAndRemove(
  { pool, attribution }: RetryParts,
  item: Quarantined,
  read: UsageEvent,
): Promise<Retried> {
  const [attributed] = await attribution.attribute([read], item.producerId);
  const received = { ...attributed!, producerId: item.producerId, receivedAtMicros: item.receivedAtMs * 1000 };
  return inTransaction(pool, async (client): Promise<Retried> => {
    if ((await lockQuarantined(client, item.quarantineId)) === null)
      return { kind: "stays", reason: "taken_by_another" };
    const { events } = await resolveClaims(client, [received]);
    if (events.length > 0) {
      const { conflicting } = await recordEvents(client, events, "insert", "moved");
      // As a conflict it has a row of its own now, unless that is what it was.
      if (conflicting > 0 && item.reason === "conflict") return { kind: "stays", reason: "conflict" };
      if (conflicting > 0) {
        await removeQuarantined(client, item.quarantineId);
        return { kind: "stays", reason: "conflict" };
      }
    }
    await removeQuarantined(client, item.quarantineId);
    return { kind: "recorded" };
  });
}
