import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { migrate } from "#database/migrate";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../test-database.ts";
import type { TestDatabase } from "../test-database.ts";

describe.each([15, 18] as const)("on Postgres %i", (version) => {
  let directory: string;
  let database: TestDatabase;
  let admin: Pool;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "quotel-migrations-"));
    database = await createTestDatabase({ version, migrated: false });
    admin = createPool({ connectionString: database.adminUrl, applicationName: "test", max: 2 });
  });
  afterEach(async () => {
    await admin.end();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  const put = (name: string, sql: string): Promise<void> => writeFile(join(directory, name), sql);
  const run = (): Promise<string[]> => migrate(database.adminUrl, { directory });
  const tables = async (): Promise<string[]> => {
    const { rows } = await admin.query<{ tablename: string }>(
      "select tablename from pg_tables where schemaname = 'quotel' and tablename <> 'migrations' order by tablename",
    );
    return rows.map((row) => row.tablename);
  };

  test("each migration is applied once, in order, as the owner", async () => {
    await put("0001_first.sql", "create table quotel.first (id int)");
    await put(
      "0002_second.sql",
      "alter table quotel.first rename to renamed; create view public.shown as select 1 as one",
    );
    expect(await run()).toEqual(["0001_first.sql", "0002_second.sql"]);
    expect(await run()).toEqual([]);
    await put("0003_third.sql", "create table quotel.third (id int)");
    expect(await run()).toEqual(["0003_third.sql"]);
    expect(await tables()).toEqual(["renamed", "third"]);
    const { rows } = await admin.query(
      "select distinct pg_get_userbyid(relowner)::text as owner from pg_class where relnamespace::regnamespace::text in ('quotel', 'public')",
    );
    expect(rows).toEqual([{ owner: "quotel_owner" }]);
  });

  test("processes that migrate an empty database at once apply each file once", async () => {
    await put("0001_first.sql", "select pg_sleep(0.1); create table quotel.first (id int)");
    await put("0002_second.sql", "create table quotel.second (id int)");
    const applied = await Promise.all([run(), run(), run(), run()]);
    expect(applied.flat().toSorted()).toEqual(["0001_first.sql", "0002_second.sql"]);
  });

  test("a file that fails is named with line and SQLSTATE and leaves nothing, and the ones before it stay", async () => {
    await put("0001_first.sql", "create table quotel.first (id int)");
    await put("0002_broken.sql", "create table quotel.second (id int);\n\nselect * from quotel.nowhere;");
    await expect(run()).rejects.toThrow(/^0002_broken\.sql:3: .*nowhere.*SQLSTATE 42P01/);
    expect(await tables()).toEqual(["first"]);
    await put("0002_broken.sql", "create table quotel.second (id int)");
    expect(await run()).toEqual(["0002_broken.sql"]);
  });

  test("an applied file that changed is refused by name, except for its line ends", async () => {
    await put("0001_first.sql", "create table quotel.first (\nid int)");
    await run();
    await put("0001_first.sql", "create table quotel.first (\r\nid int)");
    expect(await run()).toEqual([]);
    await put("0001_first.sql", "create table quotel.first (id bigint)");
    await expect(run()).rejects.toThrow(/^0001_first\.sql: changed since it was applied/);
  });

  test("code older than the database refuses it and names the unknown file", async () => {
    await put("0001_first.sql", "create table quotel.first (id int)");
    await put("0002_second.sql", "create table quotel.second (id int)");
    await run();
    await rm(join(directory, "0002_second.sql"));
    await expect(run()).rejects.toThrow(/^0002_second\.sql: .*unknown to this code/);
  });

  test("gaps, doubles and odd names among the files are refused before anything runs", async () => {
    await put("0001_first.sql", "create table quotel.first (id int)");
    await put("0003_third.sql", "create table quotel.third (id int)");
    await expect(run()).rejects.toThrow(/^0003_third\.sql: expected 0002_what\.sql/);
    await expect(admin.query("select from quotel.migrations")).rejects.toThrow(/does not exist/);
  });

  test("a migration cannot create an object by an unqualified name", async () => {
    await put("0001_first.sql", "create table stray (id int)");
    await expect(run()).rejects.toThrow(/^0001_first\.sql:1: no schema has been selected/);
  });
});

describe.each([15, 18] as const)("the project's own migrations on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);

  test("the template that tests copy is fully migrated", async () => {
    expect(await migrate(database.adminUrl)).toEqual([]);
  });
});
