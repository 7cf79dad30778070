/**
 * A database of its own for a test file, on a real server (started and migrated once per run by global-setup.ts):
 *
 *   const database = await createTestDatabase();        // or { version: 15 }; top level of the file
 *   afterAll(database.drop);                            // keeps the database if a test of the file failed
 *   const pool = createPool({ connectionString: database.writerUrl, applicationName: "test" });
 *
 * It is migrated and has no rows but what the migrations insert. `ownerUrl`, `writerUrl`, `tenantUrl` and `readerUrl` log
 * in as the role of that name, `adminUrl` as superuser. End your pools before the drop: it disconnects who is left.
 * Everything is gone when the run ends; run `vitest` in watch mode to look into a database that was kept.
 */
import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { Client, escapeIdentifier } from "pg";
import { expect, inject } from "vitest";
import type { RunnerTask, RunnerTestSuite } from "vitest";
import { roleUrl } from "#database/roles";
import { TEMPLATE_DATABASE } from "../database-server/test-cluster.ts";
import type { PostgresVersion } from "../global-setup.ts";

export interface TestDatabase {
  readonly name: string;
  readonly adminUrl: string;
  readonly ownerUrl: string;
  readonly writerUrl: string;
  readonly tenantUrl: string;
  readonly readerUrl: string;
  /** For `afterAll`; called without arguments it always drops. */
  readonly drop: (context?: unknown, suite?: Readonly<RunnerTestSuite>) => Promise<void>;
}

export interface TestDatabaseOptions {
  /** Default 18. */
  readonly version?: PostgresVersion;
  /** False: an empty database, for tests of migrating itself. Default true. */
  readonly migrated?: boolean;
}

export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { version = 18, migrated = true } = options;
  const clusterUrl = inject("clusters")[version];
  const name = databaseName();
  const template = migrated ? TEMPLATE_DATABASE : "template1";
  await onCluster(clusterUrl, `create database ${escapeIdentifier(name)} template ${template}`);
  const url = new URL(clusterUrl);
  url.pathname = name;
  return {
    name,
    adminUrl: url.href,
    ownerUrl: roleUrl(url.href, "quotel_owner"),
    writerUrl: roleUrl(url.href, "quotel_writer"),
    tenantUrl: roleUrl(url.href, "quotel_tenant"),
    readerUrl: roleUrl(url.href, "quotel_reader"),
    // Bound, because vitest reads a hook's parameters from its text and takes destructured fixtures only.
    drop: dropUnlessFailed.bind(null, clusterUrl, name),
  };
}

async function dropUnlessFailed(
  clusterUrl: string,
  name: string,
  _context?: unknown,
  suite?: Readonly<RunnerTestSuite>,
): Promise<void> {
  if (suite !== undefined && hasFailed(suite)) return;
  await onCluster(clusterUrl, `drop database if exists ${escapeIdentifier(name)} with (force)`);
}

/** The test file's name, so that a kept database is easy to find, and a random part. */
function databaseName(): string {
  const file = basename(expect.getState().testPath ?? "test", ".test.ts").replaceAll(/[^a-z0-9]+/g, "_");
  return `${file.slice(0, 40)}_${randomBytes(4).toString("hex")}`;
}

function hasFailed(task: Readonly<RunnerTask>): boolean {
  return task.result?.state === "fail" || ("tasks" in task && task.tasks.some(hasFailed));
}

async function onCluster(clusterUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: clusterUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
