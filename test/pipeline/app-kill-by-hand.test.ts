import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { driftFromLedger } from "../database/record/usage-oracle.ts";
import { createTestDatabase } from "../database/test-database.ts";
import { ROUNDS } from "./faults/rounds.ts";
import { startGate } from "./processes/gate.ts";
import { startKillableApp } from "./processes/killable-app.ts";
import { liveAndDie } from "./processes/live-and-die.ts";
import { KEYS, startCollector, stopRooms } from "./processes/rooms.ts";

const KILLS = 4 * ROUNDS;
/** Each call is for a tenant of its own, so that what it said is told apart. */
const CALLS_MAX = 20_000;
const APP = new URL("./processes/reporting-app.ts", import.meta.url);

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
afterAll(() => admin.end());
await admin.query("insert into quotel.plans (plan_id, version) values ('trial', 1)");
await admin.query(
  "insert into quotel.tenants (tenant_id, plan_id) select 'said-' || n, 'trial' from generate_series(0, $1) n",
  [CALLS_MAX],
);
const collector = await startCollector(database.writerUrl, { env: { QUOTEL_DEFAULT_PLAN: "trial" } });
afterAll(() => stopRooms([collector]));
const gate = await startGate(collector.url);
afterAll(() => gate.close());
const spool = await mkdtemp(join(tmpdir(), "quotel-spool-"));
afterAll(() => rm(spool, { recursive: true }));

const env = { QUOTEL_ENDPOINT: gate.url, QUOTEL_INGEST_KEY: KEYS.ingest, QUOTEL_SPOOL_DIR: spool };

let calls = 0;
function nextTenant(): string {
  if (calls > CALLS_MAX) throw new Error("there are not enough tenants for so many calls");
  return `said-${calls++}`;
}

/** What one call says: usage of 3, a level 2 higher, one audit event, and the request itself. */
const SAID_ONCE = { minutes: 3, level: 2, audits: 1, requests: 1 };

/** What Postgres has of each tenant's one call. */
async function recorded(): Promise<Map<string, typeof SAID_ONCE>> {
  const { rows } = await admin.query<typeof SAID_ONCE & { tenant: string }>(`
    select tenant_id as tenant, coalesce(minutes, 0)::bigint as minutes, coalesce(requests, 0)::bigint as requests,
      coalesce(level, 0)::bigint as level, coalesce(audits, 0)::bigint as audits
    from (
      select tenant_id, sum(amount) filter (where resource = 'agent_minutes') as minutes,
        count(*) filter (where event_type = 'api_call') as requests
      from quotel.usage_events group by 1
    ) usage
    full join (select tenant_id, value as level from quotel.levels where resource = 'channels') levels using (tenant_id)
    full join (select tenant_id, count(*) as audits from quotel.audit_events where event_type = 'team.joined' group by 1)
      audit using (tenant_id)
    where tenant_id like 'said-%'`);
  return new Map(rows.map(({ tenant, ...said }) => [tenant, said]));
}

async function segments(): Promise<string[]> {
  return (await readdir(spool, { recursive: true })).filter((file) => file.endsWith(".spool"));
}

test(
  "I1: usage, levels and audit events said by an app that is killed at random points are all there once it runs again, none twice",
  async () => {
    const certain: string[] = [];
    for (let life = 0; life < KILLS; life += 1) {
      gate.state = (["away", "open", "deaf"] as const)[life % 3]!;
      const { certain: before, answered } = await liveAndDie(await startKillableApp(env, APP), nextTenant);
      expect(answered).toBeGreaterThan(0);
      certain.push(...before);
    }
    expect((await segments()).length).toBeGreaterThan(0);
    expect(certain.length).toBeGreaterThan(0);

    gate.state = "open";
    const heir = await startKillableApp(env, APP);
    await expect.poll(segments, { timeout: 60_000 }).toEqual([]);
    await heir.stop();

    const said = await recorded();
    expect(certain.map((tenant) => [tenant, said.get(tenant)])).toEqual(certain.map((tenant) => [tenant, SAID_ONCE]));
    for (const [tenant, { minutes, level, audits, requests }] of said) {
      expect([0, 3], tenant).toContain(minutes);
      expect([0, 2], tenant).toContain(level);
      expect(audits, tenant).toBeLessThanOrEqual(1);
      expect(requests, tenant).toBeLessThanOrEqual(1);
    }
    expect(await driftFromLedger(admin)).toEqual([]);
  },
  90_000 + 15_000 * ROUNDS,
);
