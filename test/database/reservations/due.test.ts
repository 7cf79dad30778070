import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { expireDueReservations } from "#database/reservations/expire-due";
import { createTestDatabase } from "../test-database.ts";

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
afterAll(() => admin.end());

/** So many that reading them all could not be cheaper. */
const OPEN = 60_000;

test("the sweep reads the reservations whose time has run out, and none of the others that are open", async () => {
  await admin.query(
    `insert into quotel.reservations (tenant_id, reservation_id, state, admitted_at, day_start, month_start, expires_at,
       resources, estimates, settled, held, late_after_expiry)
     select 't-' || n % 100, gen_random_uuid(), 'open', now(), current_date, date_trunc('month', now()),
       now() + case when n <= 3 then interval '-1 second' else interval '1 hour' end, '{tokens}', '{5}', '{0}', '{5}', '{0}'
     from generate_series(1, $1::int) n`,
    [OPEN],
  );
  const read = async (): Promise<number> => {
    const { rows } = await admin.query<{ read: number }>(
      "select seq_tup_read + idx_tup_fetch as read from pg_stat_user_tables where relid = 'quotel.reservations'::regclass",
    );
    return rows[0]!.read;
  };
  const before = await read();
  const pool = createPool({ connectionString: database.writerUrl, applicationName: "sweep", max: 1 });
  expect(await expireDueReservations(pool)).toEqual({ released: 3, kept: 0 });
  expect(await expireDueReservations(pool)).toEqual({ released: 0, kept: 0 });
  await pool.query("select pg_stat_force_next_flush()");
  await pool.end();
  await expect.poll(read).toBeGreaterThanOrEqual(before + 3);
  expect((await read()) - before).toBeLessThan(100);
});
