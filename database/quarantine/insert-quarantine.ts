import type { ClientBase, Pool } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import type { QuarantineItem } from "./quarantine-item.ts";

/** Rows kept of one producer and UTC day; whatever it sends, quarantine stays small. The rest is only counted. */
const KEPT_PER_PRODUCER_AND_DAY = 10_000;
/** Payloads of more than so many bytes are kept as long as a producer's allowance of them for the day lasts. */
const LARGE_BYTES = 16 * 1024;
const LARGE_BYTES_PER_PRODUCER_AND_DAY = 64 * 1024 * 1024;

/** What a redelivery leaves as it is. */
const STAYS = "q.resolved_at is null or q.resolution = 'discarded'";

/**
 * Keeps items aside with their reason and payload (I4). A redelivery finds its row, or one that an operator discarded, and
 * adds nothing; a row that was counted since, and is set aside again, waits again. Beyond a producer's allowance for the
 * day items are only counted, and beyond that for large payloads they are kept without; writers that do this at once may
 * exceed either by what each of them brings.
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
  const { rows } = await query<{ kept: number; large_bytes: number }>(on, {
    name: "insert-quarantine",
    text: `
      with spent as (
        select coalesce(sum(kept), 0) as kept, coalesce(sum(large_bytes), 0) as large_bytes from quotel.quarantine_days
        where producer = $1 and day = (now() at time zone 'UTC')::date
      ), fresh as (
        select i.*, case when octet_length(i.payload) > $9 then octet_length(i.payload) else 0 end as large_bytes
        from unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[])
          as i (tenant_id, quarantine_id, signal, reason, trace_id, payload)
        where not exists (
          select from quotel.quarantine q
          where q.tenant_id = i.tenant_id and q.quarantine_id = i.quarantine_id and (${STAYS}))
        order by i.tenant_id, i.quarantine_id
        limit greatest(0, $8 - (select kept from spent))
      ), kept as (
        insert into quotel.quarantine as q (tenant_id, quarantine_id, producer, signal, reason, trace_id, payload)
        select f.tenant_id, f.quarantine_id, $1, f.signal, f.reason, f.trace_id,
          case
            when f.large_bytes = 0 or s.large_bytes + sum(f.large_bytes) over (order by f.tenant_id, f.quarantine_id) <= $10
            then f.payload end::json
        from fresh f cross join spent s
        order by f.tenant_id, f.quarantine_id
        on conflict (tenant_id, quarantine_id) do update set
          producer = excluded.producer, reason = excluded.reason, received_at = excluded.received_at,
          payload = excluded.payload, resolved_at = null, resolution = null
        where not (${STAYS})
        returning octet_length(payload::text) as bytes
      )
      select count(*) as kept, coalesce(sum(bytes) filter (where bytes > $9), 0)::bigint as large_bytes from kept`,
    values: [
      producer,
      tenants,
      ids,
      textArray(items.map((item) => item.signal)),
      textArray(items.map((item) => item.reason)),
      plainArray(items.map((item) => item.traceId)),
      textArray(items.map((item) => item.payload)),
      KEPT_PER_PRODUCER_AND_DAY,
      LARGE_BYTES,
      LARGE_BYTES_PER_PRODUCER_AND_DAY,
    ],
  });
  await countKept(on, producer, rows[0]!, { tenants, ids });
}

/** A statement of its own, so that it sees which of the items have a row now; the others were turned away. */
async function countKept(
  on: ClientBase | Pool,
  producer: string,
  { kept, large_bytes: largeBytes }: { readonly kept: number; readonly large_bytes: number },
  items: { readonly tenants: string; readonly ids: string },
): Promise<void> {
  await query(on, {
    name: "count-quarantine",
    text: `
      insert into quotel.quarantine_days as d (producer, day, kept, large_bytes, turned_away)
      select $1, (now() at time zone 'UTC')::date, $2::integer, $3::bigint, count(*)
      from unnest($4::text[], $5::uuid[]) as i (tenant_id, quarantine_id)
      where not exists (
        select from quotel.quarantine q
        where q.tenant_id = i.tenant_id and q.quarantine_id = i.quarantine_id)
      having $2::integer > 0 or count(*) > 0
      on conflict (producer, day) do update set
        kept = d.kept + excluded.kept, large_bytes = d.large_bytes + excluded.large_bytes,
        turned_away = d.turned_away + excluded.turned_away`,
    values: [producer, kept, largeBytes, items.tenants, items.ids],
  });
}
