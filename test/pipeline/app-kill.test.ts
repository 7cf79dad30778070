import { afterAll, expect, test } from "vitest";
import { foldRollups } from "#database/rollups/fold";
import type { LedgerReport } from "../../examples/chat-api/provider/ledger.ts";
import { createMeter } from "../../instrumentation/src/metering/meter.ts";
import { driftFromLedger } from "../database/record/usage-oracle.ts";
import { startProvider } from "../examples/running-provider.ts";
import { chatRecord } from "../instrumentation/usage-records.ts";
import { ROUNDS } from "./faults/rounds.ts";
import { startKilledApp } from "./processes/killed-app.ts";
import { KEYS } from "./processes/rooms.ts";

const KILLS = 8 * ROUNDS;

const provider = await startProvider();
afterAll(() => provider[Symbol.asyncDispose]());
const { admin, gate, liveAndDie, spooled } = await startKilledApp({
  tenants: "call",
  callsMax: 50_000,
  env: { OPENAI_BASE_URL: `${provider.url}/v1` },
});
await admin.query("insert into quotel.tenants (tenant_id, plan_id) values ('memory-only', 'trial')");

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
    const certain = await liveAndDie(KILLS, ["open", "away", "deaf"]);
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
    expect(await spooled()).toEqual([]);
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
