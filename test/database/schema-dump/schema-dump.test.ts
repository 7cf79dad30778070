import { afterAll, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { describeDifference, dumpSchema } from "#database/schema-dump/dump";
import { createTestDatabase } from "../test-database.ts";

/** What a dump must notice, each with a part of the line that shows it. */
const CHANGES = [
  [
    "alter table quotel.tenants alter column created_at drop not null",
    "created_at timestamp with time zone default now()",
  ],
  ["alter table quotel.tenants alter column plan_source set default 'other'", "plan_source text default 'other'"],
  ["alter table quotel.tenants add constraint extra check (plan_id <> '')", "constraint extra CHECK"],
  ["create index extra on quotel.tenants (plan_id)", "CREATE INDEX extra ON quotel.tenants"],
  ["create function quotel.extra() returns int language sql return 1", "FUNCTION quotel.extra()"],
  ["create view public.extra as select 1 as one", "create view public.extra as"],
  ["alter table quotel.tenants disable row level security", "alter table quotel.tenants enable row level security"],
  ["create policy extra on quotel.tenants to quotel_reader using (true)", "create policy extra on quotel.tenants"],
  ["grant delete on quotel.tenants to quotel_writer", "grant delete, insert, select, update on table quotel.tenants"],
  ["grant update (plan_id) on quotel.tenants to quotel_reader", "grant update on column quotel.tenants.plan_id"],
  ["alter table quotel.tenants owner to postgres", "alter table quotel.tenants owner to postgres"],
] as const;

describe("the schema dump", async () => {
  const database = await createTestDatabase();
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "test" });
  afterAll(async () => {
    await admin.end();
    await database.drop();
  });
  const dump = (): Promise<string> => dumpSchema(database.adminUrl);

  test("two databases with the same migrations have the same dump", async () => {
    const twin = await createTestDatabase();
    expect(await dumpSchema(twin.adminUrl)).toBe(await dump());
    await twin.drop();
  });

  test("partitions that come and go with the calendar are not part of the dump", async () => {
    const before = await dump();
    await admin.query(
      "create table quotel.one_day partition of quotel.usage_events for values from ('2000-01-01') to ('2000-01-02')",
    );
    expect(await dump()).toBe(before);
  });

  test.each(CHANGES)("the dump shows the effect of: %s", async (statement, shown) => {
    const other = await createTestDatabase();
    const pool = createPool({ connectionString: other.adminUrl, applicationName: "test", max: 1 });
    const before = await dumpSchema(other.adminUrl);
    await pool.query(statement);
    const difference = describeDifference(before, await dumpSchema(other.adminUrl));
    await pool.end();
    await other.drop();
    const changed = difference.split("\n").filter((line) => /^[-+]/.test(line));
    expect(changed.join("\n")).toContain(shown);
  });

  test("a difference names the lines removed and added, with a little of what is around them", () => {
    const before = ["1", "2", "3", "old", "4", "5", "6"].join("\n");
    const after = ["1", "2", "3", "new", "4", "5", "6"].join("\n");
    const lines = describeDifference(before, after).split("\n");
    expect(lines.toSorted()).toEqual(["  2", "  3", "  4", "  5", "+ new", "- old"].toSorted());
    expect(describeDifference(before, before)).toBe("");
  });
});
