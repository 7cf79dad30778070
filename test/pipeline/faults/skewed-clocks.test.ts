import { HEADER_SENT_AT } from "@quotel/conventions";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { createTestDatabase } from "../../database/test-database.ts";
import { startCollector, stopRooms } from "../processes/rooms.ts";
import { tenantsOfLane } from "../traffic/batches.ts";
import { chatEvent, sendSpans } from "../traffic/telemetry.ts";
import { expectCountedOnce } from "./exact-totals.ts";

const HOUR_MS = 3_600_000;
/** How long before it is sent a span has ended. */
const AGE_MS = 30_000;
/** COPY takes groups from 20 events on. */
const SPANS = 25;
const LATER_CLOCK = new URL("../processes/later-clock.ts", import.meta.url).href;

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
afterAll(() => admin.end());

/** An app on a machine whose clock is off. */
interface Sender {
  readonly tenant: string;
  readonly aheadMs: number;
  /** Whether it says what its clock shows when it sends, as our exporter does. */
  readonly tellsTime: boolean;
}

const SENDERS: readonly Sender[] = [1, -1, 25, -25].flatMap((hours) =>
  [true, false].map((tellsTime) => ({
    tenant: tenantsOfLane(
      0,
      1,
      `${hours > 0 ? "ahead" : "behind"}-${Math.abs(hours)}-${tellsTime ? "tells" : "silent"}`,
    )[0]!,
    aheadMs: hours * HOUR_MS,
    tellsTime,
  })),
);

/** What the sender's app did just now, by the sender's clock. */
function spansOf({ tenant, aheadMs }: Sender): UsageEvent[] {
  const endedAtMicros = (Date.now() + aheadMs - AGE_MS) * 1000;
  return Array.from({ length: SPANS }, (_, n) => chatEvent(tenant, `span ${n}`, 1 + n, null, endedAtMicros + n));
}

/** Every sender delivers its spans, twice, to a collector that runs `laterMs` from now. */
async function deliver(spans: ReadonlyMap<Sender, readonly UsageEvent[]>, laterMs: number): Promise<void> {
  const collector = await startCollector(database.writerUrl, {
    env: { CLOCK_AHEAD_MS: String(laterMs) },
    preload: [LATER_CLOCK],
  });
  try {
    for (const [{ aheadMs, tellsTime }, events] of [...spans, ...spans]) {
      const headers = tellsTime ? { [HEADER_SENT_AT]: `${Date.now() + laterMs + aheadMs}000000` } : undefined;
      expect((await sendSpans(collector.url, events, headers)).status).toBe(200);
    }
  } finally {
    await stopRooms([collector]);
  }
}

interface Accounted {
  readonly spans: number;
  readonly isFlagged: boolean;
  /** Unix milliseconds, the first and the last. */
  readonly from: number;
  readonly to: number;
}

/** What the ledger holds, by tenant. */
async function ledger(): Promise<Map<string, Accounted>> {
  const { rows } = await admin.query<Accounted & { tenant: string }>(`
    select tenant_id as tenant, count(*)::bigint as spans, bool_and(flags & 1 = 1) as "isFlagged",
      floor(extract(epoch from min(accounted_at)) * 1000)::bigint as from,
      floor(extract(epoch from max(accounted_at)) * 1000)::bigint as to
    from quotel.usage_events group by 1 order by 1`);
  return new Map(rows.map(({ tenant, ...accounted }) => [tenant, accounted]));
}

/** Which spans the ledger holds, each with the instant it is accounted at in place of its claimed end. */
async function asAccounted(events: readonly UsageEvent[]): Promise<UsageEvent[]> {
  const { rows } = await admin.query<{ trace_id: string; at: number }>(`
    select replace(trace_id::text, '-', '') as trace_id, (extract(epoch from accounted_at) * 1000000)::bigint as at
    from quotel.usage_events`);
  const accountedAt = new Map(rows.map(({ trace_id, at }) => [trace_id, at]));
  return events.flatMap((event) => {
    const endedAtMicros = accountedAt.get(event.traceId);
    return endedAtMicros === undefined ? [] : [{ ...event, endedAtMicros }];
  });
}

test("I4: spans of a sender whose clock is off are accounted when they ended by our clock, at their receipt or as claimed, or set aside, and count once whenever they are delivered again", async () => {
  const startMs = Date.now();
  const spans = new Map(SENDERS.map((sender) => [sender, spansOf(sender)]));
  const events = [...spans.values()].flat();
  await deliver(spans, 0);
  const first = await ledger();
  const endMs = Date.now();
  const near = SENDERS.filter(({ aheadMs }) => aheadMs <= 24 * HOUR_MS);
  expect([...first.keys()].sort()).toEqual(near.map(({ tenant }) => tenant).sort());
  for (const { tenant, aheadMs, tellsTime } of near) {
    const { from, to, ...accounted } = first.get(tenant)!;
    expect(accounted).toEqual({ spans: SPANS, isFlagged: tellsTime || aheadMs > 0 });
    // Whose clock is known is corrected; else an end to come is taken for the receipt, and one that is past is believed.
    const [offMs, ageMs] = tellsTime ? [0, AGE_MS] : aheadMs > 0 ? [0, 0] : [aheadMs, AGE_MS];
    expect(from).toBeGreaterThanOrEqual(startMs + offMs - ageMs);
    expect(to).toBeLessThanOrEqual(endMs + offMs);
  }
  await expectCountedOnce(admin, await asAccounted(events));

  // Two hours later what was set aside is near enough to be counted. The rest is known.
  await deliver(spans, 2 * HOUR_MS);
  const later = await ledger();
  expect([...later.values()].map((it) => it.spans)).toEqual(SENDERS.map(() => SPANS));
  for (const [tenant, accounted] of first) expect(later.get(tenant)).toEqual(accounted);
  await expectCountedOnce(admin, await asAccounted(events));

  await deliver(spans, 27 * HOUR_MS);
  expect(await ledger()).toEqual(later);
  await expectCountedOnce(admin, await asAccounted(events));

  // What was set aside is known to count since.
  const { rows } = await admin.query(
    "select reason, resolution, count(*)::bigint as items, count(distinct tenant_id)::bigint as tenants from quotel.quarantine group by 1, 2",
  );
  expect(rows).toEqual([{ reason: "in_future", resolution: "counted_since", items: 2 * SPANS, tenants: 2 }]);
});
