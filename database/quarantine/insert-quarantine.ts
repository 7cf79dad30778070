import type { ClientBase, Pool } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import type { QuarantineItem } from "./quarantine-item.ts";

/** Rows kept of one producer and UTC day; whatever it sends, quarantine stays small. The rest is only counted. */
const KEPT_PER_PRODUCER_AND_DAY = 10_000;

/** What a redelivery leaves as it is. */
const STAYS = "q.resolved_at is null or q.resolution = 'discarded'";

/**
 * Keeps items aside with their reason and payload (I4). A redelivery finds its row, or one that an operator discarded, and
 * adds nothing; a row that was counted since, and is set aside again, waits again. Beyond a producer's allowance for the
 * day items are only counted; writers that do this at once may exceed it by what each of them brings.
 */
export async function insertQuarantine(on: ClientBase | Pool, items: readonly QuarantineItem[]): Promise<void> {
  // A request may repeat itself.
  const distinct = new Map(items.map((item) => [`${item.tenantId} ${item.quarantineId}`, item]));
  const byProducer = Map.groupBy(distinct.values(), (item) => item.producerId);
  for (const producer of [...byProducer.keys()].sort()) await insertOfProducer(on, producer, byProducer.get(producer)!);
}

async function insertOfProducer(
  on: ClientBase | Pool,
  producer: string,
  items: readonly QuarantineItem[],
): Promise<void> {
  const tenants = textArray(items.map((item) => item.tenantId));
  const ids = plainArray(items.map((item) => item.quarantineId));
  const { rowCount } = await query(on, {
    name: "insert-quarantine",
    text: `
      insert into quotel.quarantine as q (tenant_id, quarantine_id, producer, signal, reason, trace_id, payload)
      select i.tenant_id, i.quarantine_id, $1, i.signal, i.reason, i.trace_id, i.payload
      from unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::json[])
        as i (tenant_id, quarantine_id, signal, reason, trace_id, payload)
      where not exists (
        select from quotel.quarantine q
        where q.tenant_id = i.tenant_id and q.quarantine_id = i.quarantine_id and (${STAYS}))
      order by i.tenant_id, i.quarantine_id
      limit greatest(0, $8 - coalesce((
        select kept from quotel.quarantine_days
        where producer = $1 and day = (now() at time zone 'UTC')::date), 0))
      on conflict (tenant_id, quarantine_id) do update set
        producer = excluded.producer, reason = excluded.reason, received_at = excluded.received_at,
        payload = excluded.payload, resolved_at = null, resolution = null
      where not (${STAYS})`,
    values: [
      producer,
      tenants,
      ids,
      textArray(items.map((item) => item.signal)),
      textArray(items.map((item) => item.reason)),
      plainArray(items.map((item) => item.traceId)),
      textArray(items.map((item) => item.payload)),
      KEPT_PER_PRODUCER_AND_DAY,
    ],
  });
  await countKept(on, producer, rowCount ?? 0, { tenants, ids });
}

/** A statement of its own, so that it sees which of the items have a row now; the others were turned away. */
async function countKept(
  on: ClientBase | Pool,
  producer: string,
  kept: number,
  items: { readonly tenants: string; readonly ids: string },
): Promise<void> {
  await query(on, {
    name: "count-quarantine",
    text: `
      insert into quotel.quarantine_days as d (producer, day, kept, turned_away)
      select $1, (now() at time zone 'UTC')::date, $2::integer, count(*)
      from unnest($3::text[], $4::uuid[]) as i (tenant_id, quarantine_id)
      where not exists (
        select from quotel.quarantine q
        where q.tenant_id = i.tenant_id and q.quarantine_id = i.quarantine_id)
      having $2::integer > 0 or count(*) > 0
      on conflict (producer, day) do update set
        kept = d.kept + excluded.kept, turned_away = d.turned_away + excluded.turned_away`,
    values: [producer, kept, items.tenants, items.ids],
  });
}
