/**
 * Rooms as the processes they are in production, on a test's database:
 *
 *   const collector = await startCollector(database.writerUrl);
 *   const quota = await startQuotaService(database.writerUrl, { env: { QUOTEL_PLANS: file } });
 *   afterAll(() => stopRooms([collector, quota]));
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess, type RunningProcess } from "../../../examples/chat-api/demo/processes.ts";

export const ROOT = join(import.meta.dirname, "../../..");
/** Rooms are started by the dozen; with their modules compiled once they start in less than half the time. */
export const COMPILE_CACHE = join(ROOT, "node_modules/.cache/node-compile");

export const KEYS = {
  ingest: "the-ingest-key-of-the-pipeline-tests",
  service: "the-service-key-of-the-pipeline-tests",
  admin: "the-admin-key-of-the-pipeline-tests",
} as const;

export interface Room {
  readonly url: string;
  readonly process: RunningProcess;
}

export interface RoomOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Modules to load first. */
  readonly preload?: readonly string[];
}

/** Starts a collector on a free port; resolves when it listens. */
export function startCollector(databaseUrl: string, options: RoomOptions = {}): Promise<Room> {
  const keys = { QUOTEL_INGEST_KEY: KEYS.ingest, QUOTEL_COLLECTOR_PORT: "0" };
  return startRoom("collector", databaseUrl, keys, /"url":"(http[^"]+)"/, options);
}

/** Starts a quota service on a free port; resolves when it has put its plans in force. */
export async function startQuotaService(databaseUrl: string, options: RoomOptions = {}): Promise<Room> {
  const keys = { QUOTEL_SERVICE_KEY: KEYS.service, QUOTEL_ADMIN_KEY: KEYS.admin, QUOTEL_QUOTA_PORT: "0" };
  const room = await startRoom("quota-service", databaseUrl, keys, /listening on (http[^"\s]+)/, options);
  while (!(await fetch(`${room.url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 20));
  return room;
}

/** Stops rooms at the same time, as an operator would: they drain. */
export async function stopRooms(rooms: readonly Room[]): Promise<void> {
  await Promise.all(rooms.map((room) => room.process.stop()));
}

/** A catalogue file with one plan, made the default of whoever gets `env`. */
export async function planFile(
  planId: string,
  limits: readonly { readonly resource: string; readonly period: string; readonly amount: number }[],
): Promise<{ readonly env: Readonly<Record<string, string>>; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "quotel-plans-"));
  const file = join(folder, "plans.json");
  await writeFile(file, JSON.stringify({ plans: { [planId]: { limits } } }));
  return {
    env: { QUOTEL_PLANS: file, QUOTEL_DEFAULT_PLAN: planId },
    remove: () => rm(folder, { recursive: true }),
  };
}

async function startRoom(
  name: string,
  databaseUrl: string,
  settings: Readonly<Record<string, string>>,
  urlIn: RegExp,
  { env = {}, preload = [] }: RoomOptions,
): Promise<Room> {
  const child = startProcess({
    name: `the ${name}`,
    args: ["-C", "quotel-source", ...preload.flatMap((module) => ["--import", module]), `${name}/main.ts`],
    cwd: ROOT,
    env: {
      PATH: process.env["PATH"],
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      DATABASE_URL: databaseUrl,
      ...settings,
      ...env,
    },
  });
  try {
    return { url: await child.printed(urlIn), process: child };
  } catch (error) {
    await child.stop();
    throw error;
  }
}
