import type { ClientBase, Pool } from "pg";
import { query } from "../pool.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { utcDayText } from "../periods/instant.ts";
import type { LedgerRow } from "./ledger-row.ts";

/** Why an event was kept aside instead of being counted. */
export type QuarantineReason = "conflict" | "beyond_horizon" | "in_future" | "unstorable";

/** Keeps events aside with their reason and payload (I4). A redelivery finds its row and adds nothing. */
export async function insertQuarantine(
  on: ClientBase | Pool,
  rows: readonly { readonly row: LedgerRow; readonly reason: QuarantineReason }[],
): Promise<void> {
  if (rows.length === 0) return;
  await query(on, {
    name: "insert-quarantine",
    text: `
      insert into quotel.quarantine (
        tenant_id, event_day, trace_id, span_id, fingerprint, reason, producer, payload)
      select * from unnest(
        $1::text[], $2::date[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::jsonb[])
      on conflict do nothing`,
    values: [
      rows.map(({ row }) => row.event.tenantId),
      rows.map(({ row }) => utcDayText(row.eventDay)),
      rows.map(({ row }) => row.event.traceId),
      rows.map(({ row }) => BigInt.asIntN(64, BigInt(`0x${row.event.spanId}`)).toString()),
      rows.map(({ row }) => fingerprintOf(row.event).toString()),
      rows.map(({ reason }) => reason),
      rows.map(({ row }) => row.producerId),
      rows.map(({ row }) => JSON.stringify(row.event)),
    ],
  });
}
