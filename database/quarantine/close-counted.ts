import type { ClientBase } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";

/** How items that were counted are found in quarantine. */
export interface Quarantinable<Item> {
  readonly tenantOf: (item: Item) => string;
  /** See `set-aside.ts`. Costs a hash, so it is asked only for items of tenants with something in quarantine. */
  readonly idOf: (item: Item) => string;
}

/**
 * Which of the tenants have an item in quarantine that could have been counted; its condition is that of an index. One
 * probe tells whether anybody has; else it is one a tenant and never more, however much a sender has in quarantine.
 */
export async function tenantsThatWait(
  client: ClientBase,
  tenantIds: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  if (tenantIds.size === 0) return tenantIds;
  const { rows } = await query<{ tenant_id: string }>(client, {
    name: "tenants-that-wait",
    text: `
      select t.tenant_id from unnest($1::text[]) as t (tenant_id)
      cross join lateral (
        select from quotel.quarantine q
        where q.tenant_id = t.tenant_id
          and q.resolved_at is null and q.signal in ('event', 'point', 'audit') and q.reason <> 'conflict'
        limit 1) waiting
      where (
        select q.tenant_id from quotel.quarantine q
        where q.resolved_at is null and q.signal in ('event', 'point', 'audit') and q.reason <> 'conflict'
        order by q.tenant_id limit 1) is not null`,
    values: [textArray([...tenantIds])],
  });
  return new Set(rows.map((row) => row.tenant_id));
}

/**
 * Closes the rows of items that the caller's transaction has just counted: they had been set aside, say for a time still
 * to come, and came again when they could be counted. Nearly always there is none.
 *
 * @param waiting see `tenantsThatWait`
 */
export async function closeCounted<Item>(
  client: ClientBase,
  counted: readonly Item[],
  waiting: ReadonlySet<string>,
  { tenantOf, idOf }: Quarantinable<Item>,
): Promise<void> {
  if (waiting.size === 0) return;
  const items = counted.filter((item) => waiting.has(tenantOf(item)));
  if (items.length === 0) return;
  await close(
    client,
    items.map((item) => ({ tenantId: tenantOf(item), id: idOf(item) })),
  );
}

/**
 * Rows that somebody has locked are passed over: whoever replays an item finds it counted and closes it. So nobody waits
 * here, and no order of locks can be broken.
 */
async function close(
  client: ClientBase,
  items: readonly { readonly tenantId: string; readonly id: string }[],
): Promise<void> {
  await query(client, {
    name: "close-counted",
    text: `
      update quotel.quarantine q set resolved_at = now(), resolution = 'counted_since', payload = null
      from (
        select tenant_id, quarantine_id from quotel.quarantine
        where (tenant_id, quarantine_id) in (select * from unnest($1::text[], $2::uuid[])) and resolved_at is null
        order by tenant_id, quarantine_id
        for update skip locked
      ) counted
      where (q.tenant_id, q.quarantine_id) = (counted.tenant_id, counted.quarantine_id)`,
    values: [textArray(items.map((item) => item.tenantId)), plainArray(items.map((item) => item.id))],
  });
}
