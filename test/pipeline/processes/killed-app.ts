import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../../database/test-database.ts";
import { startGate } from "./gate.ts";
import type { Gate } from "./gate.ts";
import { startKillableApp } from "./killable-app.ts";
import { liveAndDie } from "./live-and-die.ts";
import { KEYS, startCollector, stopRooms } from "./rooms.ts";

export interface KilledAppOptions {
  /** Calls are for `call-0`, `call-1`, ... where this is `call`: each for a tenant of its own, so that the ledger tells them apart. */
  readonly tenants: string;
  /** How many tenants there are. They are registered, because a key may make fewer known in an hour. */
  readonly callsMax: number;
  /** Default: `chat-app.ts`. */
  readonly file?: URL;
  /** Of the app, beside quotel's own. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface KilledApp {
  readonly admin: ReturnType<typeof createPool>;
  /** Between the app and the collector. */
  readonly gate: Gate;
  /**
   * So many lives of the app, each killed at a random point, with the gate in these states in turn; then, with the gate open,
   * one that sends all there is left in the spool and is asked to end.
   *
   * @returns tenants of the calls that are certain to have been recorded
   */
  readonly liveAndDie: (lives: number, states: readonly Gate["state"][]) => Promise<string[]>;
  /** Files in the spool. */
  readonly spooled: () => Promise<string[]>;
}

/** An app, a collector that it does not always reach, and a database. At the top level of a test file, whose end stops them. */
export async function startKilledApp({ tenants, callsMax, file, env = {} }: KilledAppOptions): Promise<KilledApp> {
  const database = await createTestDatabase();
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
  afterAll(() => admin.end());
  await admin.query("insert into quotel.plans (plan_id, version) values ('trial', 1)");
  await admin.query(
    "insert into quotel.tenants (tenant_id, plan_id) select $1 || '-' || n, 'trial' from generate_series(0, $2) n",
    [tenants, callsMax],
  );
  const collector = await startCollector(database.writerUrl, { env: { QUOTEL_DEFAULT_PLAN: "trial" } });
  afterAll(() => stopRooms([collector]));
  const gate = await startGate(collector.url);
  afterAll(() => gate.close());
  const spool = await mkdtemp(join(tmpdir(), "quotel-spool-"));
  afterAll(() => rm(spool, { recursive: true }));

  const ours = { QUOTEL_ENDPOINT: gate.url, QUOTEL_INGEST_KEY: KEYS.ingest, QUOTEL_SPOOL_DIR: spool };
  const start = () => startKillableApp({ ...env, ...ours }, file);
  let calls = 0;
  const nextTenant = (): string => {
    if (calls > callsMax) throw new Error("there are not enough tenants for so many calls");
    return `${tenants}-${calls++}`;
  };
  const spooled = () => readdir(spool, { recursive: true });
  const segments = async () => (await spooled()).filter((name) => name.endsWith(".spool"));
  return {
    admin,
    gate,
    spooled,
    async liveAndDie(lives, states) {
      const certain: string[] = [];
      for (let life = 0; life < lives; life += 1) {
        gate.state = states[life % states.length]!;
        const { certain: before, answered } = await liveAndDie(await start(), nextTenant);
        expect(answered).toBeGreaterThan(0);
        certain.push(...before);
      }
      expect((await segments()).length).toBeGreaterThan(0);
      expect(certain.length).toBeGreaterThan(0);
      gate.state = "open";
      const heir = await start();
      await expect.poll(segments, { timeout: 60_000 }).toEqual([]);
      await heir.stop();
      return certain;
    },
  };
}
