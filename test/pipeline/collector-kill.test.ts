import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { laneOf } from "#database/lanes/lane-of";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { createDecisionEngine } from "../../quota-service/decisions/engine.ts";
import { driftFromHolds, driftFromLedger, expectedTotals, storedTotals } from "../database/record/usage-oracle.ts";
import { createTestDatabase } from "../database/test-database.ts";
import { startCollector, stopRooms } from "./processes/rooms.ts";
import type { Room } from "./processes/rooms.ts";
import { chatEvent, sendSpans } from "./traffic/telemetry.ts";

const PRELOAD = new URL("./processes/kill-at-message.ts", import.meta.url).href;
const DAY_MICROS = 86_400_000_000;
/** The record path has more messages than this, so an arming that fails cannot pass for "no kill needed". */
const MESSAGES_MIN = 12;
const RUNS_MAX = 60;

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
const pool = createPool({ connectionString: database.writerUrl, applicationName: "engine" });
afterAll(() => Promise.all([admin.end(), pool.end()]));
await admin.query("insert into quotel.plans (plan_id, version) values ('trial', 1)");
const engine = createDecisionEngine({ pool, defaultPlan: "trial", log: { error: () => {} } });
afterAll(() => engine.drain());

interface Run {
  readonly acknowledged: readonly UsageEvent[];
  readonly batch: readonly UsageEvent[];
  /** What the ledger must hold of the batch. */
  readonly countable: readonly UsageEvent[];
}

/** What one collector is sent: tenants of one lane, so that its messages come in the same order in every run. */
async function prepareRun(name: string): Promise<Run> {
  const [known, newcomer] = [inLane(`known-${name}`), inLane(`newcomer-${name}`)];
  const reservationId = randomUUIDv7();
  const items = [{ resource: "tokens", amount: 1_000 }];
  const reserved = await engine.reserve(
    { tenantId: known, reservationId, items, ttlSeconds: 3_600, requestHash: "00" },
    { keyId: "test" },
  );
  expect(reserved.kind).toBe("reserved");
  const settling = chatEvent(known, "settling", 60, reservationId);
  const countable = [
    settling,
    chatEvent(known, "settling more", 70, reservationId),
    chatEvent(known, "ahead of its reserve", 5, randomUUIDv7()),
    chatEvent(known, "without a reservation", 3),
    chatEvent(newcomer, "first ever", 7),
  ];
  const old = chatEvent(known, "beyond the horizon", 9, null, Date.now() * 1_000 - 31 * DAY_MICROS);
  return { acknowledged: [chatEvent(known, "acknowledged", 11)], batch: [...countable, settling, old], countable };
}

/** How many of these events the ledger holds. */
async function inLedger(events: readonly UsageEvent[]): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    "select count(*)::bigint as count from quotel.usage_events where replace(trace_id::text, '-', '') = any ($1::text[])",
    [events.map((event) => event.traceId)],
  );
  return rows[0]!.count;
}

/** Sends the batch to a collector that dies at message `at`, unless it has fewer to send. */
async function sendAndKill(collector: Room, batch: readonly UsageEvent[], moment: string, at: number) {
  const answer = await sendSpans(collector.url, batch, { "x-kill-at": `${moment} ${at}` }).catch(() => null);
  const died = await fetch(`${collector.url}/healthz`).then(
    () => false,
    () => true,
  );
  if (died) await expect(collector.process.failed).rejects.toThrow("SIGKILL");
  return { died, acknowledged: answer?.status === 200 };
}

/** One collector's life: it acknowledges a request and, unless it has fewer messages to send, dies over the next. */
async function killAtMessage(run: Run, moment: string, at: number): Promise<{ died: boolean; committed: boolean }> {
  const collector = await startCollector(database.writerUrl, { preload: [PRELOAD] });
  try {
    expect((await sendSpans(collector.url, run.acknowledged)).status).toBe(200);
    const { died, acknowledged } = await sendAndKill(collector, run.batch, moment, at);
    expect(died || acknowledged).toBe(true);
    // What was acknowledged is there; of what was not, all or nothing (I2).
    expect(await inLedger(run.acknowledged)).toBe(1);
    const left = await inLedger(run.countable);
    expect([acknowledged ? run.countable.length : 0, run.countable.length]).toContain(left);
    return { died, committed: left > 0 };
  } finally {
    await stopRooms([collector]);
  }
}

/**
 * Kills collector after collector, each one message later, until one gets through; redelivers after every kill. Upkeep
 * sends messages too, so the last of one run may be a later one in the next: then it is gone back for.
 */
async function killAtEveryMessage(moment: "before" | "after") {
  const fresh = await startCollector(database.writerUrl);
  const expected: UsageEvent[] = [];
  const committed: boolean[] = [];
  try {
    for (let at = 1, runs = 1; ; at += 1, runs += 1) {
      const run = await prepareRun(`${moment}-${runs}`);
      expected.push(...run.acknowledged, ...run.countable);
      const kill = await killAtMessage(run, moment, at);
      if (!kill.died && (committed.includes(true) || runs > RUNS_MAX)) return { runs, expected, committed };
      if (kill.died) committed.push(kill.committed);
      else at -= 2;
      for (const request of [run.batch, run.acknowledged, run.batch]) {
        expect((await sendSpans(fresh.url, request)).status).toBe(200);
      }
    }
  } finally {
    await stopRooms([fresh]);
  }
}

function inLane(base: string): string {
  for (let i = 0; ; i += 1) if (laneOf(`${base}-${i}`) === 0) return `${base}-${i}`;
}

test("I1, I2: a collector killed right before or right after any of its messages loses nothing that it acknowledged, and redelivery counts every span once", async () => {
  // Only a process that ends by itself leaves its compiled modules to the next.
  await stopRooms([await startCollector(database.writerUrl)]);
  const chains = await Promise.all([killAtEveryMessage("before"), killAtEveryMessage("after")]);
  const runs = chains.reduce((sum, chain) => sum + chain.runs, 0);
  for (const { committed } of chains) {
    expect(committed.length).toBeGreaterThanOrEqual(MESSAGES_MIN);
    // Both sides of the commit were met by a kill.
    expect(new Set(committed)).toEqual(new Set([false, true]));
  }
  expect(await storedTotals(admin)).toEqual(expectedTotals(chains.flatMap(({ expected }) => expected)));
  expect(await driftFromLedger(admin)).toEqual([]);
  expect(await driftFromHolds(admin)).toEqual([]);
  const { rows: aside } = await admin.query(
    "select reason, count(*)::bigint as count, count(distinct tenant_id)::bigint as tenants from quotel.quarantine group by 1",
  );
  expect(aside).toEqual([{ reason: "beyond_horizon", count: runs, tenants: runs }]);
  const { rows: settled } = await admin.query(
    "select distinct state, settled[array_position(resources, 'tokens')] as tokens from quotel.reservations where state <> 'early'",
  );
  expect(settled).toEqual([{ state: "open", tokens: 130 }]);
}, 240_000);
