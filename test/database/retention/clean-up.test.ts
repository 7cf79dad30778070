import { afterAll, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { cleanUp } from "#database/retention/clean-up";
import { createTestDatabase } from "../test-database.ts";

const CLEANERS = 8;

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const owner = createPool({ connectionString: database.ownerUrl, applicationName: "owner" });
  const writer = createPool({ connectionString: database.writerUrl, applicationName: "collector", max: CLEANERS });
  afterAll(() => Promise.all([owner.end(), writer.end()]));

  test("A4: several collectors that clean up at the same time all succeed, and remove each row once", async () => {
    await owner.query(`
      insert into quotel.folded_intake
      select timestamptz '2020-01-01' + make_interval(mins => n), 1, 0, 0, 0, 0, 0, '2020-01-01' from generate_series(1, 30000) n;
      insert into quotel.producer_reports
      select timestamptz '2020-01-01' + make_interval(mins => n), 'dropped', 1 from generate_series(1, 30000) n;
      insert into quotel.metric_points (tenant_id, stream, started_at, sampled_at, accounted_at, resource, kind, value)
      select 'acme', gen_random_uuid(), 'epoch', now() - interval '60 days', now() - interval '60 days', 'members', 'gauge', 1
      from generate_series(1, 30000) n;
    `);
    const cleaned = await Promise.all(Array.from({ length: CLEANERS }, () => cleanUp(writer)));
    const again = await cleanUp(writer);
    expect([...cleaned, again].reduce((sum, { rows }) => sum + rows, 0)).toBe(90_000);
  });
});
