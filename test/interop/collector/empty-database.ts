import type { Pool } from "pg";
import { onTestFinished } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../../database/test-database.ts";

export interface EmptyDatabase {
  /** For a collector. */
  readonly writerUrl: string;
  /** The owner's, to look into it. */
  readonly pool: Pool;
}

/** A database of its own for the running test; it stays if the test fails. */
export async function emptyDatabase(): Promise<EmptyDatabase> {
  const database = await createTestDatabase();
  const pool = createPool({ connectionString: database.ownerUrl, applicationName: "test" });
  onTestFinished(async ({ task }) => {
    await pool.end();
    if (task.result?.state !== "fail") await database.drop();
  });
  return { writerUrl: database.writerUrl, pool };
}
