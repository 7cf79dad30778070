import type { ClientBase, Pool } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { instantOfMicros } from "../periods/instant.ts";
import { query } from "../pool.ts";

/** A record that arrived, whatever became of it. */
export interface Arrival {
  readonly producerId: string;
  /** Null = its sender does not number its records. */
  readonly bootId: string | null;
  readonly seq: number | null;
  readonly endedAtMicros: number;
}

/**
 * Notes that records arrived, so that they are not taken for lost (I12): also those that are set aside or refused for
 * good. Only adds rows, one per producer's run, which the next fold takes; so nobody waits, and what is noted twice
 * counts once.
 */
export async function noteArrivals(on: ClientBase | Pool, arrivals: Iterable<Arrival>): Promise<void> {
  const runs = runsOf(arrivals);
  if (runs.length === 0) return;
  await query(on, {
    name: "note-arrivals",
    text: `
      insert into quotel.unfolded_arrivals (producer, boot_id, sequences, newest_ended_at)
      select producer, boot_id, sequences::int8multirange, newest_ended_at
      from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
        as a (producer, boot_id, sequences, newest_ended_at)`,
    values: [
      textArray(runs.map(({ producerId }) => producerId)),
      textArray(runs.map(({ bootId }) => bootId)),
      textArray(runs.map(({ seqs }) => multirangeText(seqs))),
      plainArray(runs.map(({ newestEndedAtMicros }) => instantOfMicros(newestEndedAtMicros))),
    ],
  });
}

interface Run {
  readonly producerId: string;
  readonly bootId: string;
  readonly seqs: number[];
  newestEndedAtMicros: number;
}

function runsOf(arrivals: Iterable<Arrival>): Run[] {
  const runs = new Map<string, Map<string, Run>>();
  for (const { producerId, bootId, seq, endedAtMicros } of arrivals) {
    if (bootId === null || seq === null) continue;
    let ofProducer = runs.get(producerId);
    if (!ofProducer) runs.set(producerId, (ofProducer = new Map()));
    const run = ofProducer.get(bootId);
    if (run) {
      run.seqs.push(seq);
      run.newestEndedAtMicros = Math.max(run.newestEndedAtMicros, endedAtMicros);
    } else ofProducer.set(bootId, { producerId, bootId, seqs: [seq], newestEndedAtMicros: endedAtMicros });
  }
  return [...runs.values()].flatMap((ofProducer) => [...ofProducer.values()]);
}

/** `int8multirange` literal of a set of integers: neighbours share a range. */
function multirangeText(numbers: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const number of Float64Array.from(numbers).sort()) {
    const last = ranges.at(-1);
    if (last !== undefined && number <= last.to + 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return `{${ranges.map(({ from, to }) => `[${from},${to}]`).join(",")}}`;
}
