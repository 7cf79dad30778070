import type { ClientBase, Pool } from "pg";
import { query } from "../pool.ts";

/** The database's clock in milliseconds since the epoch: the one clock that every instance shares. */
export async function readClock(on: ClientBase | Pool): Promise<number> {
  const { rows } = await query<{ now_ms: number }>(on, {
    name: "read-clock",
    text: "select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms",
  });
  return rows[0]!.now_ms;
}
