import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { foldRollups } from "#database/rollups/fold";
import type { LedgerReport } from "../../examples/chat-api/provider/ledger.ts";
import { createMeter } from "../../instrumentation/src/metering/meter.ts";
import { driftFromLedger } from "../database/record/usage-oracle.ts";
import { createTestDatabase } from "../database/test-database.ts";
import { startProvider } from "../examples/running-provider.ts";
import { chatRecord } from "../instrumentation/usage-records.ts";
import { ROUNDS } from "./faults/rounds.ts";
import { startGate } from "./processes/gate.ts";
import { startKillableApp } from "./processes/killable-app.ts";
import { liveAndDie } from "./processes/live-and-die.ts";
import { KEYS, startCollector, stopRooms } from "./processes/rooms.ts";

const KILLS = 8 * ROUNDS;
/** Each call is for a tenant of its own, so that the ledger tells them apart. A key may make fewer known in an hour. */
const CALLS_MAX = 50_000;

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
afterAll(() => admin.end());
await admin.query("insert into quotel.plans (plan_id, version) values ('trial', 1)");
await admin.query(
  "insert into quotel.tenants (tenant_id, plan_id) select 'call-' || n, 'trial' from generate_series(0, $1) n",
  [CALLS_MAX],
);
await admin.query("insert into quotel.tenants (tenant_id, plan_id) values ('memory-only', 'trial')");
const collector = await startCollector(database.writerUrl, { env: { QUOTEL_DEFAULT_PLAN: "trial" } });
afterAll(() => stopRooms([collector]));
const provider = await startProvider();
afterAll(() => provider[Symbol.asyncDispose]());
const gate = await startGate(collector.url);
afterAll(() => gate.close());
const spool = await mkdtemp(join(tmpdir(), "quotel-spool-"));
afterAll(() => rm(spool, { recursive: true }));

const env = {
  OPENAI_BASE_URL: `${provider.url}/v1`,
  QUOTEL_ENDPOINT: gate.url,
  QUOTEL_INGEST_KEY: KEYS.ingest,
  QUOTEL_SPOOL_DIR: spool,
};

let calls = 0;

function nextTenant(): string {
  if (calls > CALLS_MAX) throw new Error("there are not enough tenants for so many calls");
  return `call-${calls++}`;
}

interface Counted {
  readonly tenant_id: string;
  readonly chats: number;
  readonly requests: number;
  readonly tokens: number;
}

async function inLedger(): Promise<Map<string, Counted>> {
  const { rows } = await admin.query<Counted>(`
    select tenant_id, count(*) filter (where event_type = 'chat')::bigint as chats,
      count(*) filter (where event_type = 'api_call')::bigint as requests,
      coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)), 0)::bigint as tokens
    from quotel.usage_events where tenant_id like 'call-%' group by 1`);
  return new Map(rows.map((row) => [row.tenant_id, row]));
}

async function segments(): Promise<string[]> {
  return (await readdir(spool, { recursive: true })).filter((file) => file.endsWith(".spool"));
}

async function lostByCollector(): Promise<number> {
  await foldRollups(admin);
  const { rows } = await admin.query<{ lost: number }>(
    "select coalesce(sum(lost), 0)::bigint as lost from public.producer_completeness",
  );
  return rows[0]!.lost;
}

test(
  "I1: an app killed at random points loses nothing it had recorded and counts nothing twice, once it runs again",
  async () => {
    const certain: string[] = [];
    for (let life = 0; life < KILLS; life += 1) {
      gate.state = (["open", "away", "deaf"] as const)[life % 3]!;
      const { certain: before, answered } = await liveAndDie(await startKillableApp(env), nextTenant);
      expect(answered).toBeGreaterThan(0);
      certain.push(...before);
    }
    expect((await segments()).length).toBeGreaterThan(0);
    expect(certain.length).toBeGreaterThan(0);

    gate.state = "open";
    const heir = await startKillableApp(env);
    await expect.poll(segments, { timeout: 30_000 }).toEqual([]);
    await heir.stop();

    const counted = await inLedger();
    const { tenants } = (await (await fetch(`${provider.url}/ledger`)).json()) as LedgerReport;
    const wrong = certain.filter((tenant) => counted.get(tenant)?.chats !== 1 || counted.get(tenant)?.requests !== 1);
    expect(wrong).toEqual([]);
    for (const { tenant_id, chats, requests, tokens } of counted.values()) {
      expect([chats <= 1, requests <= 1], tenant_id).toEqual([true, true]);
      const { reported } = tenants[tenant_id]!;
      expect(tokens, tenant_id).toBe(chats * (reported.inputTokens + reported.outputTokens));
    }
    expect(await driftFromLedger(admin)).toEqual([]);
    expect(await lostByCollector()).toBe(0);
    expect((await readdir(spool)).length).toBe(0);
  },
  60_000 + 15_000 * ROUNDS,
);

test("I12: without a spool the loss that the collector reports is the loss there is", async () => {
  const before = await lostByCollector();
  const meter = createMeter({
    endpoint: new URL(gate.url),
    ingestKey: KEYS.ingest,
    serviceName: "memory-only",
    queueBytesMax: 100_000,
    flushIntervalMs: 5,
    retryMinMs: 5,
    retryMaxMs: 20,
  });
  let recorded = 0;
  for (const state of ["open", "away", "open", "away", "open"] as const) {
    gate.state = state;
    const startMicros = Date.now() * 1000;
    for (let n = 0; n < 500; n += 1) {
      recorded += 1;
      meter.record({ ...chatRecord(recorded), tenantId: "memory-only", startMicros, endMicros: startMicros + 500 });
    }
    await meter.flush(200);
  }
  meter.tellTrouble();
  expect(await meter.flush(10_000)).toBe(true);
  meter.stop();
  const { rows } = await admin.query<{ count: number }>(
    "select count(*)::bigint as count from quotel.usage_events where tenant_id = 'memory-only'",
  );
  const lost = recorded - rows[0]!.count;
  expect(lost).toBeGreaterThan(500);
  expect(meter.counters().dropped).toBe(lost);
  expect((await lostByCollector()) - before).toBe(lost);
});
