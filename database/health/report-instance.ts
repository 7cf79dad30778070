import type { Pool } from "pg";
import { query } from "../pool.ts";

/** One collector process. */
export interface Instance {
  /** UUID, new at every start. */
  readonly instanceId: string;
  readonly host: string;
  readonly startedAt: Date;
}

/** Writes what a collector has counted since it started; `pipeline_health` sums the collectors heard within a minute. */
export async function reportInstance(
  pool: Pool,
  { instanceId, host, startedAt }: Instance,
  counters: Readonly<Record<string, number>>,
): Promise<void> {
  await query(pool, {
    name: "report-instance",
    text: `
      insert into quotel.collector_instances (instance_id, host, started_at, seen_at, counters)
      values ($1, $2, $3, now(), $4)
      on conflict (instance_id) do update set seen_at = excluded.seen_at, counters = excluded.counters`,
    values: [instanceId, host, startedAt, JSON.stringify(counters)],
  });
}
