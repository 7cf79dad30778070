import type { ClientBase } from "pg";
import { utcDayText } from "../periods/instant.ts";
import { query } from "../pool.ts";

/**
 * Opens the batch of a record transaction: the mark by which its rows are found until they are folded into the rollups.
 * Committed with the rows, so whoever sees the one sees the other.
 *
 * @param days first and last UTC day of the events' ends, in days since the Unix epoch
 * @returns the batch's number
 */
export async function openBatch(
  client: ClientBase,
  days: { readonly first: number; readonly last: number },
  events: number,
): Promise<number> {
  const { rows } = await query<{ batch: number }>(client, {
    name: "open-batch",
    text: `
      insert into quotel.unfolded_batches (first_day, last_day, events) values ($1::date, $2::date, $3)
      returning batch`,
    values: [utcDayText(days.first), utcDayText(days.last), events],
  });
  return rows[0]!.batch;
}
