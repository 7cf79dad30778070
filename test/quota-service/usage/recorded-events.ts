import fc from "fast-check";
import type { Pool } from "pg";
import { recordEvents } from "#database/record/record-events";
import type { UsageEvent } from "#database/record/usage-event";
import { inTransaction } from "#database/transaction";
import { arbitraryEvent } from "../../database/record/arbitrary-event.ts";

/** Records `count` random events of a few tenants within the last three days, and returns what was recorded. */
export async function recordSomeEvents(pool: Pool, count: number, seed: number): Promise<readonly UsageEvent[]> {
  const nowMicros = Date.now() * 1000;
  const events = fc
    .sample(arbitraryEvent(nowMicros), { numRuns: count, seed })
    .map((event) => ({ ...event, reservationId: null }));
  await pool.query("select quotel.ensure_event_partitions(current_date - 5, current_date + 1)");
  await inTransaction(pool, (client) =>
    recordEvents(
      client,
      events.map((event) => ({ event, producerId: "test", receivedAtMicros: nowMicros })),
    ),
  );
  return events;
}

/** Input and output tokens of one event. */
export function modelTokens(event: UsageEvent): number {
  return (event.inputTokens ?? 0) + (event.outputTokens ?? 0);
}

export function sumOf(events: readonly UsageEvent[], amount: (event: UsageEvent) => number): number {
  return events.reduce((sum, event) => sum + amount(event), 0);
}
