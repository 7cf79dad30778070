import type { Pool } from "pg";
import { afterAll } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../../database/test-database.ts";
import { startCollector, stopRooms } from "./rooms.ts";
import type { Room, RoomOptions } from "./rooms.ts";
import { severDatabase } from "./severed-database.ts";
import type { SeveredDatabase } from "./severed-database.ts";

export interface CollectorOnDatabase {
  /** The superuser's, to look. */
  readonly admin: Pool;
  readonly collector: Room;
}

/** A collector on a database of its own. At the top level of a test file, whose end stops it. */
export async function startCollectorOnDatabase(options: RoomOptions = {}): Promise<CollectorOnDatabase> {
  const { admin, writerUrl } = await openDatabase();
  return { admin, collector: await start(writerUrl, options) };
}

/** The same, on connections that can be cut. */
export async function startSeveredCollector(): Promise<CollectorOnDatabase & { readonly severed: SeveredDatabase }> {
  const { admin, writerUrl } = await openDatabase();
  const severed = await severDatabase(writerUrl);
  afterAll(() => severed[Symbol.asyncDispose]());
  return { admin, severed, collector: await start(severed.url) };
}

async function openDatabase(): Promise<{ readonly admin: Pool; readonly writerUrl: string }> {
  const database = await createTestDatabase();
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
  afterAll(() => admin.end());
  return { admin, writerUrl: database.writerUrl };
}

async function start(databaseUrl: string, options?: RoomOptions): Promise<Room> {
  const collector = await startCollector(databaseUrl, options);
  afterAll(() => stopRooms([collector]));
  return collector;
}
