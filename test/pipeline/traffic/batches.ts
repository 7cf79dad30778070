import { randomUUIDv7 } from "node:crypto";
import { laneOf } from "#database/lanes/lane-of";
import type { UsageEvent } from "#database/record/usage-event";
import { chatEvent } from "./telemetry.ts";

const DAY_MICROS = 86_400_000_000;

/** Large enough, in each of two lanes, to enter the ledger by COPY. */
export const COPY_BATCH_EVENTS = 60;

/**
 * A batch of new events like an app's: of some tenants, some under reservations that are not made yet, most of them of
 * now and some of yesterday, so that two partitions are written. The name decides the identities.
 */
export function batchOf(name: string, tenants: readonly string[], size = COPY_BATCH_EVENTS): UsageEvent[] {
  const nowMicros = Date.now() * 1000;
  const reservationId = randomUUIDv7();
  return Array.from({ length: size }, (_, n) =>
    chatEvent(
      tenants[n % tenants.length]!,
      `${name} ${n}`,
      1 + n,
      n < 2 * tenants.length && n % 3 === 0 ? reservationId : null,
      n % 5 === 0 ? nowMicros - DAY_MICROS : nowMicros,
    ),
  );
}

/** Names of tenants in one lane. */
export function tenantsOfLane(lane: number, count: number, prefix: string): string[] {
  const names: string[] = [];
  for (let n = 0; names.length < count; n += 1) if (laneOf(`${prefix}-${n}`) === lane) names.push(`${prefix}-${n}`);
  return names;
}
