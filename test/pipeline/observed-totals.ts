import type { Pool } from "pg";
import { totalPositionOf } from "#database/totals/total-position";

/**
 * Makes a test's database watch itself: every state of a day's total that a transaction writes and that is over `limit` is
 * written down at once, so no moment of a race goes unseen. Needs a superuser's pool.
 */
export async function watchTotals(admin: Pool, resource: string, limit: number): Promise<void> {
  const { row, position } = totalPositionOf(resource);
  await admin.query(`
    create table public.passed_limits (tenant_id text, day_start timestamptz, used bigint, reserved bigint);
    create function public.note_passed_limit() returns trigger language plpgsql security definer as $$
    begin
      insert into public.passed_limits
      values (new.tenant_id, new.day_start, new.used[${position}], new.reserved[${position}]);
      return null;
    end $$;
    create trigger note_passed_limit after insert or update on quotel.day_totals for each row
    when (new.resource = '${row}'
      and coalesce(new.used[${position}], 0) + coalesce(new.reserved[${position}], 0) > ${limit})
    execute function public.note_passed_limit()`);
}

/** The states over the limit that have been committed. Must be empty. */
export async function passedLimits(admin: Pool): Promise<unknown[]> {
  return (await admin.query("select * from public.passed_limits")).rows;
}
