import type { Pool } from "pg";
import { vi } from "vitest";

/** What was read of one table: rows that its scans found, entries of its indexes, and blocks of both. */
export interface TableWork {
  readonly rows: number;
  readonly entries: number;
  readonly blocks: number;
}
/** By table, the partitions of the ledger as one. */
export type Work = ReadonlyMap<string, TableWork>;

const NOTHING: TableWork = { rows: 0, entries: 0, blocks: 0 };

/**
 * What the server itself counts as read of each table while `task` ran. A backend has told all it did only when it has
 * ended, so the task must end its connections, which say `applicationName`.
 */
export async function workDone(admin: Pool, applicationName: string, task: () => Promise<void>): Promise<Work> {
  const before = await readWork(admin);
  await task();
  await vi.waitFor(async () => {
    const { rowCount } = await admin.query(
      "select from pg_stat_activity where datname = current_database() and application_name = $1",
      [applicationName],
    );
    if (rowCount !== 0) throw new Error(`${rowCount} connections of "${applicationName}" have not ended`);
  });
  return difference(await readWork(admin), before);
}

/** What is left of `work` without that part of it. */
export function difference(work: Work, part: Work): Work {
  return new Map(
    Array.from(work, ([table, all]) => {
      const { rows, entries, blocks } = part.get(table) ?? NOTHING;
      return [table, { rows: all.rows - rows, entries: all.entries - entries, blocks: all.blocks - blocks }];
    }),
  );
}

/** The tables of which more was read than before, beyond what is allowed, with how much more. */
export function excess(before: Work, after: Work, allowed: TableWork): Work {
  const more = [...difference(after, before)];
  return new Map(
    more.filter(
      ([, { rows, entries, blocks }]) => rows > allowed.rows || entries > allowed.entries || blocks > allowed.blocks,
    ),
  );
}

async function readWork(admin: Pool): Promise<Work> {
  const { rows } = await admin.query<TableWork & { readonly name: string }>(
    `select name, sum(rows)::bigint as rows, sum(entries)::bigint as entries, sum(blocks)::bigint as blocks
     from pg_stat_user_tables t
     join pg_statio_user_tables b using (relid)
     cross join lateral (
       select
         regexp_replace(t.relname, '^usage_events.*', 'usage_events') as name,
         t.seq_tup_read + coalesce(t.idx_tup_fetch, 0) as rows,
         (select coalesce(sum(i.idx_tup_read), 0) from pg_stat_user_indexes i where i.relid = t.relid) as entries,
         b.heap_blks_hit + b.heap_blks_read + coalesce(b.idx_blks_hit + b.idx_blks_read, 0) as blocks
     ) read
     group by name`,
  );
  return new Map(rows.map(({ name, ...work }) => [name, work]));
}
