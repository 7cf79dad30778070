import type { ClientBase, Pool } from "pg";
import type { QuotaItem } from "@quotel/conventions";
import { readClock } from "#database/periods/read-clock";
import { utcDayOfMicros } from "#database/periods/instant";
import { amountEvent } from "#database/record/amount-event";
import { ensurePartitions } from "#database/record/ensure-partitions";
import { recordEvents } from "#database/record/record-events";
import type { UsageEvent } from "#database/record/usage-event";
import { readSettled } from "#database/reservations/read-settled";
import { isMissingPartition, isRetryable } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import { change } from "./change-group.ts";
import type { CloseRequest, PatchOutcome } from "./contract.ts";

const ATTEMPTS_MAX = 10;

/** Rolls the transaction back: spans arrived meanwhile (try again), or the reservation has ended (give up). */
class NotClosed extends Error {
  override readonly name = "NotClosed";
  readonly ended: boolean;
  constructor(ended: boolean) {
    super("not closed");
    this.ended = ended;
  }
}

/**
 * Closes a reservation and records the usage that no span will bring (`settle: "now"`), in one transaction: the true
 * amounts less what has been settled already. The events settle the reservation as spans would, so a repetition finds
 * nothing left to record.
 */
export async function closeAndSettleNow(pool: Pool, request: CloseRequest, keyId: string): Promise<PatchOutcome> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await inTransaction(pool, (client) => settleAndClose(client, request, keyId));
    } catch (error) {
      if (error instanceof NotClosed && error.ended) return { kind: "ended" };
      const again = error instanceof NotClosed || isRetryable(error) || isMissingPartition(error);
      if (!again || attempts >= ATTEMPTS_MAX) throw error;
      // Collectors make them ahead; there may be none.
      if (isMissingPartition(error)) await ensurePartitions(pool, ...daysAround(Date.now()));
    }
  }
}

/** Yesterday to tomorrow, in UTC: the database's clock may be on the other side of midnight. */
function daysAround(nowMs: number): [string, string] {
  const day = (offset: number): string => utcDayOfMicros((nowMs + offset * 86_400_000) * 1000);
  return [day(-1), day(1)];
}

async function settleAndClose(client: ClientBase, request: CloseRequest, keyId: string): Promise<PatchOutcome> {
  const settled = await readSettled(client, request);
  const nowMs = await readClock(client);
  const left = request.items
    .map(({ resource, amount }) => ({ resource, amount: amount - (settled.get(resource) ?? 0) }))
    .filter(({ amount }) => amount > 0);
  if (left.length > 0) {
    const origin = { producerId: keyId, receivedAtMicros: nowMs * 1000 };
    await recordEvents(
      client,
      left.map((item) => ({ event: eventOf(request, item, nowMs), ...origin })),
    );
  }
  // From here on the row is locked, so what it holds is final.
  const { result, written } = await change(client, [{ ...request, action: "close" }]);
  await written;
  const [outcome] = result;
  if (outcome?.kind !== "changed") throw new NotClosed(true);
  for (const { resource, amount } of left) {
    const now = outcome.state.items.find((item) => item.resource === resource)?.settled ?? 0;
    if (now !== (settled.get(resource) ?? 0) + amount) throw new NotClosed(false);
  }
  return outcome;
}

function eventOf(request: CloseRequest, { resource, amount }: QuotaItem, nowMs: number): UsageEvent {
  const { tenantId, reservationId } = request;
  const identity = JSON.stringify([tenantId, reservationId, resource]);
  return { ...amountEvent({ tenantId, resource, amount, endedAtMicros: nowMs * 1000 }, identity), reservationId };
}
