import type { Pool } from "pg";
import { afterAll } from "vitest";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { createDecisionEngine } from "../../../quota-service/decisions/engine.ts";
import type { DecisionEngine } from "../../../quota-service/decisions/contract.ts";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../../database/test-database.ts";
import type { TestDatabase } from "../../database/test-database.ts";

export const CALLER = { keyId: "service" };
export const PRODUCER = { keyId: "ingest", tenants: null };
const quiet = { warn: () => {}, error: () => {} };

export interface DecidingAndRecording {
  readonly database: TestDatabase;
  /** The superuser's, to prepare and to look. */
  readonly admin: Pool;
  /** The services'. */
  readonly pool: Pool;
  readonly engine: DecisionEngine;
  readonly recorder: ReturnType<typeof createRecorder>;
}

/** What admits work and what records it, on one database. At the top level of a test file, whose end stops them. */
export async function startDecidingAndRecording(defaultPlan: string | null = null): Promise<DecidingAndRecording> {
  const database = await createTestDatabase();
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
  const pool = createPool({ connectionString: database.writerUrl, applicationName: "services" });
  afterAll(() => Promise.all([admin.end(), pool.end()]));
  const engine = createDecisionEngine({ pool, defaultPlan, log: quiet });
  const recorder = createRecorder({ pool, defaultPlan, log: quiet });
  afterAll(() => Promise.all([engine.drain(), recorder.close()]));
  return { database, admin, pool, engine, recorder };
}
