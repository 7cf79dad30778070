import type { HeartbeatCounter } from "@quotel/conventions";
import type { ClientBase, Pool } from "pg";
import { jsonList, plainArray, textArray } from "../array-text.ts";
import { instantOfMicros } from "../periods/instant.ts";
import { query } from "../pool.ts";

/** Counts since the start of a run; whole numbers. */
export type HeartbeatCounters = Readonly<Partial<Record<HeartbeatCounter, number>>>;

/** How a producer's run stood when it made its record number `seq`. */
export interface Heartbeat {
  readonly producerId: string;
  readonly bootId: string;
  readonly seq: number;
  readonly endedAtMicros: number;
  /** What the sender calls itself. */
  readonly service: string | null;
  readonly counters: HeartbeatCounters;
}

/**
 * Notes what producers have told of themselves. Only adds rows, which the next fold takes; so nobody waits, and what is
 * noted twice or out of order says nothing new. To be called once the heartbeats' arrival is noted: the fold keeps them
 * with the run that it knows from there.
 */
export async function noteHeartbeats(on: ClientBase | Pool, heartbeats: readonly Heartbeat[]): Promise<void> {
  if (heartbeats.length === 0) return;
  await query(on, {
    name: "note-heartbeats",
    text: `
      insert into quotel.unfolded_heartbeats (producer, boot_id, seq, told_at, service, counters)
      select producer, boot_id, seq, told_at, service, counters::jsonb
      from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], string_to_array($6, E'\\x01'))
        as h (producer, boot_id, seq, told_at, service, counters)`,
    values: [
      textArray(heartbeats.map(({ producerId }) => producerId)),
      textArray(heartbeats.map(({ bootId }) => bootId)),
      plainArray(heartbeats.map(({ seq }) => seq)),
      plainArray(heartbeats.map(({ endedAtMicros }) => instantOfMicros(endedAtMicros))),
      textArray(heartbeats.map(({ service }) => service)),
      jsonList(heartbeats.map(({ counters }) => counters)),
    ],
  });
}
