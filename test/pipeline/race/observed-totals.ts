import type { Pool } from "pg";
import { totalPositionOf } from "#database/totals/total-position";

export interface WatchedLimit {
  readonly resource: string;
  readonly period: "day" | "month" | "lifetime";
  readonly amount: number;
}

/**
 * Makes a test's database watch itself: every state of a total that a transaction writes and that is over one of `limits`
 * is written down at once, so no moment of a race goes unseen. Holds whose time has run out count no more, whether or not
 * a sweep has been there. Needs a superuser's pool; once per database.
 */
export async function watchTotals(admin: Pool, limits: readonly WatchedLimit[]): Promise<void> {
  await admin.query(`
    create table public.watched_limits (
      resource text, period text, amount bigint, total_row text, total_position integer);
    create table public.passed_limits (
      tenant_id text, resource text, period text, day_start timestamptz, used bigint, reserved bigint, expired bigint);
    create function public.note_passed_limits() returns trigger language plpgsql security definer as $$
    begin
      insert into public.passed_limits
      select new.tenant_id, w.resource, w.period, new.day_start, t.used, t.reserved, d.expired
      from public.watched_limits w
      cross join lateral (
        select sum(coalesce(t.used[w.total_position], 0)) as used,
          sum(coalesce(t.reserved[w.total_position], 0)) as reserved
        from quotel.day_totals t
        where t.tenant_id = new.tenant_id and t.resource = w.total_row and (w.period = 'lifetime'
          or w.period = 'month' and t.month_start = new.month_start
          or w.period = 'day' and t.day_start = new.day_start)
      ) t
      cross join lateral (
        select coalesce(sum(h.held), 0) as expired
        from quotel.reservations r, unnest(r.resources, r.held) as h (resource, held)
        where t.used + t.reserved > w.amount and r.tenant_id = new.tenant_id and h.resource = w.resource
          and r.expires_at <= clock_timestamp() and (r.kept_until is null or r.kept_until <= clock_timestamp())
          and (w.period = 'lifetime'
            or w.period = 'month' and r.month_start = new.month_start
            or w.period = 'day' and r.day_start = new.day_start)
      ) d
      where w.total_row = new.resource and t.used + t.reserved - d.expired > w.amount;
      return null;
    end $$;
    create trigger note_passed_limits after insert or update on quotel.day_totals for each row
    execute function public.note_passed_limits()`);
  for (const { resource, period, amount } of limits) {
    const { row, position } = totalPositionOf(resource);
    await admin.query("insert into public.watched_limits values ($1, $2, $3, $4, $5)", [
      resource,
      period,
      amount,
      row,
      position,
    ]);
  }
}

/** The states over a limit that have been committed. Must be empty. */
export async function passedLimits(admin: Pool): Promise<unknown[]> {
  return (await admin.query("select * from public.passed_limits")).rows;
}
