import type { ClientBase } from "pg";
import { textArray } from "../../array-text.ts";
import { query } from "../../pool.ts";
import type { LevelKey } from "../metric-point.ts";

/** A locked level: the time of its last sample, in microseconds; 0 when it has none yet. */
export interface LockedLevel extends LevelKey {
  readonly asOfMicros: number;
}

/**
 * Locks levels until the transaction ends, in primary-key order; new ones get a row first. Whoever holds the lock is the
 * only writer of a level and its days, and reads them, in a later statement, as the last holder left them.
 */
export async function lockLevels(client: ClientBase, keys: readonly LevelKey[]): Promise<LockedLevel[]> {
  const values = [textArray(keys.map((key) => key.tenantId)), textArray(keys.map((key) => key.resource))];
  await query(client, {
    name: "insert-levels",
    text: `
      insert into quotel.levels (tenant_id, resource, value, as_of)
      select tenant_id, resource, 0, 'epoch' from unnest($1::text[], $2::text[]) as k (tenant_id, resource)
      order by tenant_id, resource
      on conflict (tenant_id, resource) do nothing`,
    values,
  });
  const { rows } = await query<{ tenant_id: string; resource: string; as_of_micros: number }>(client, {
    name: "lock-levels",
    text: `
      select tenant_id, resource, (extract(epoch from as_of) * 1000000)::bigint as as_of_micros
      from quotel.levels
      where (tenant_id, resource) in (select * from unnest($1::text[], $2::text[]))
      order by tenant_id, resource
      for no key update`,
    values,
  });
  return rows.map((row) => ({ tenantId: row.tenant_id, resource: row.resource, asOfMicros: row.as_of_micros }));
}
