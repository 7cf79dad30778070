import type { Pool } from "pg";
import { afterAll } from "vitest";
import { createPool } from "#database/pool";
import type { PostgresVersion } from "../global-setup.ts";
import { createTestDatabase } from "./test-database.ts";
import type { TestDatabase } from "./test-database.ts";

/** A test database by those who use it. */
export interface OpenDatabase {
  readonly database: TestDatabase;
  readonly owner: Pool;
  /** The services. */
  readonly writer: Pool;
  /** The dashboards. */
  readonly reader: Pool;
}

/** Makes a test database and opens it. At the top level of a test file or of a `describe`, whose end closes and drops it. */
export async function openDatabase(version: PostgresVersion): Promise<OpenDatabase> {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const owner = createPool({ connectionString: database.ownerUrl, applicationName: "owner" });
  const writer = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
  const reader = createPool({ connectionString: database.readerUrl, applicationName: "grafana" });
  afterAll(() => Promise.all([owner, writer, reader].map((pool) => pool.end())));
  return { database, owner, writer, reader };
}
