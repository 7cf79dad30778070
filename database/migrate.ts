import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Client, DatabaseError } from "pg";
import type { ClientBase } from "pg";
import { createRoles } from "./roles.ts";

export interface MigrateOptions {
  /** Folder of `NNNN_what.sql` files, numbered from 0001 without gaps. Default: `migrations/` beside this file. */
  readonly directory?: string;
}

/** A database that cannot be brought to this code's schema; the message names the file and the reason. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** Held while one step runs, so that two processes that start at once take turns. Any constant of ours will do. */
const ADVISORY_LOCK = 7_164_120_331;

/**
 * Brings the database up to date, forward only, and returns the names of the files it applied. Each file runs in one
 * transaction as quotel_owner, with an empty search path (so names are qualified) and together with its row in
 * quotel.migrations. Throws MigrationError when an applied file has changed since, when the database is newer than this
 * code, or when a file fails; what was applied before it stays.
 *
 * Two processes may migrate at once: every transaction first takes a transaction-level lock, then looks again.
 */
export async function migrate(connectionString: string, options: MigrateOptions = {}): Promise<string[]> {
  const migrations = await readMigrations(options.directory ?? join(import.meta.dirname, "migrations"));
  const client = new Client({ connectionString, application_name: "quotel-migrate" });
  // A connection that breaks also fails the query under way; without a listener it would end the process.
  client.on("error", () => {});
  await client.connect();
  try {
    await inLockedTransaction(client, () => prepare(client));
    const applied: string[] = [];
    for (const migration of migrations) {
      if (await inLockedTransaction(client, () => applyOnce(client, migration, migrations)))
        applied.push(migration.name);
    }
    return applied;
  } finally {
    await client.end();
  }
}

/** Reads and checks the folder; line ends are made uniform so that a checkout's settings do not change checksums. */
async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  for (const [index, name] of names.entries()) {
    const number = String(index + 1).padStart(4, "0");
    if (!/^\d{4}_[a-z0-9_]+\.sql$/.test(name) || !name.startsWith(number)) {
      throw new MigrationError(`${name}: expected ${number}_what.sql (numbered from 0001, without gaps)`);
    }
  }
  return Promise.all(
    names.map(async (name) => {
      const sql = (await readFile(join(directory, name), "utf8")).replaceAll("\r\n", "\n");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function inLockedTransaction<T>(client: ClientBase, step: () => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock($1)", [ADVISORY_LOCK]);
    const result = await step();
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

async function prepare(client: ClientBase): Promise<void> {
  await createRoles(client);
  await client.query(`
    set local role quotel_owner;
    create schema if not exists quotel;
    create table if not exists quotel.migrations (
      name text primary key,
      checksum text not null,
      applied_at timestamptz not null default now()
    );`);
}

/** Applies one file unless it is applied already. True = applied now. */
async function applyOnce(client: ClientBase, migration: Migration, all: readonly Migration[]): Promise<boolean> {
  await client.query("set local role quotel_owner; set local search_path = ''");
  const { rows } = await client.query<{ name: string; checksum: string }>(
    "select name, checksum from quotel.migrations order by name",
  );
  checkHistory(rows, all);
  if (rows.some((row) => row.name === migration.name)) return false;
  try {
    await client.query(migration.sql);
  } catch (error) {
    throw describe(migration, error);
  }
  await client.query("insert into quotel.migrations (name, checksum) values ($1, $2)", [
    migration.name,
    migration.checksum,
  ]);
  return true;
}

/** Throws unless the applied files are exactly the first ones of this code's. */
function checkHistory(applied: readonly { name: string; checksum: string }[], all: readonly Migration[]): void {
  for (const [index, row] of applied.entries()) {
    const expected = all[index];
    if (expected === undefined || !all.some((migration) => migration.name === row.name)) {
      throw new MigrationError(
        `${row.name}: applied to this database but unknown to this code, which is older; run a newer version`,
      );
    }
    if (expected.name !== row.name)
      throw new MigrationError(`${expected.name}: missing, though ${row.name} is applied`);
    if (expected.checksum !== row.checksum) {
      throw new MigrationError(`${row.name}: changed since it was applied; restore it and add a new file instead`);
    }
  }
}

function describe(migration: Migration, error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const line =
    error.position === undefined ? "" : `:${migration.sql.slice(0, Number(error.position)).split("\n").length}`;
  const hint = error.hint === undefined ? "" : ` Hint: ${error.hint}`;
  return new MigrationError(`${migration.name}${line}: ${error.message} (SQLSTATE ${error.code})${hint}`, {
    cause: error,
  });
}
