import { HORIZON_DAYS } from "@quotel/conventions";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { recordEvents } from "#database/record/record-events";
import { dropOldPartitions } from "#database/retention/drop-old-partitions";
import { forgetOldRows } from "#database/retention/forget-old-rows";
import { lockSeal } from "#database/retention/lock-seal";
import { foldRollups } from "#database/rollups/fold";
import { inTransaction } from "#database/transaction";
import { tokensEvent } from "../../quota-service/decisions/tokens-event.ts";
import { createTestDatabase } from "../test-database.ts";

const DAY_MS = 86_400_000;
const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const dayText = (daysAgo: number): string => new Date(todayMs - daysAgo * DAY_MS).toISOString().slice(0, 10);

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const owner = createPool({ connectionString: database.ownerUrl, applicationName: "owner" });
  const writer = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
  afterAll(() => Promise.all([owner.end(), writer.end()]));

  beforeEach(async () => {
    await owner.query("select quotel.ensure_event_partitions($1, $2)", [dayText(HORIZON_DAYS + 4), dayText(0)]);
    await owner.query("truncate quotel.usage_events, quotel.unfolded_batches, quotel.accounted_days");
    await owner.query("update quotel.ledger_seal set sealed_before = '-infinity', unsealed_from = '-infinity'");
  });

  async function record(daysAgo: number): Promise<void> {
    const event = tokensEvent("acme", `${daysAgo} days ago`, 10, null, (todayMs - daysAgo * DAY_MS) * 1000 + 1);
    await inTransaction(writer, (client) =>
      recordEvents(client, [{ event, producerId: "test", receivedAtMicros: Date.now() * 1000 }]),
    );
  }

  async function partitions(): Promise<string[]> {
    const { rows } = await owner.query<{ name: string }>(
      "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'quotel.usage_events'::regclass order by 1",
    );
    return rows.map(({ name }) => name.slice(-8));
  }

  const unsealedFrom = (): Promise<number> => inTransaction(owner, (client) => lockSeal(client));

  test("A4: days of the ledger beyond the horizon and one more are dropped, once, by however many ask at once", async () => {
    await record(HORIZON_DAYS + 3);
    await record(HORIZON_DAYS + 1);
    await foldRollups(writer);
    const asked = await Promise.all(Array.from({ length: 5 }, () => dropOldPartitions(writer)));
    expect(asked.reduce((sum, dropped) => sum + dropped, 0)).toBe(3);
    expect(await dropOldPartitions(writer)).toBe(0);
    expect((await partitions())[0]).toBe(dayText(HORIZON_DAYS + 1).replaceAll("-", ""));
    const { rows } = await owner.query("select count(*)::int as events from quotel.usage_events");
    expect(rows).toEqual([{ events: 1 }]);
  });

  test("I3: what was rolled up and totalled of a dropped day stays, and its buckets are sealed", async () => {
    await record(HORIZON_DAYS + 3);
    await foldRollups(writer);
    expect(await unsealedFrom()).toBe(-Infinity);
    await dropOldPartitions(writer);
    expect(await unsealedFrom()).toBe(todayMs - (HORIZON_DAYS + 1) * DAY_MS);
    const { rows } = await owner.query(
      `select (select sum(input_tokens) from quotel.folded_rollups where granularity = 'day') as rolled,
         (select used from quotel.quota_totals where resource = 'tokens' and period = 'lifetime') as used`,
    );
    expect(Number(rows[0].rolled)).toBeGreaterThanOrEqual(10);
    expect(rows[0].used).toBeGreaterThanOrEqual(10);
  });

  test("I3: a bucket that lost an event of another day of the ledger is sealed with it", async () => {
    await owner.query(
      `insert into quotel.accounted_days (tenant_id, day_start, first_event_day, last_event_day, events, changed_at, touched_at)
       values ('acme', $1, $2, $3, 2, now(), now())`,
      [new Date(todayMs - 20 * DAY_MS), dayText(HORIZON_DAYS + 3), dayText(20)],
    );
    await dropOldPartitions(writer);
    expect(await unsealedFrom()).toBe(todayMs - 19 * DAY_MS);
  });

  test("I3: a day stays while an event of it is not folded, and goes when it is", async () => {
    await record(HORIZON_DAYS + 3);
    expect(await dropOldPartitions(writer)).toBe(2);
    expect((await partitions())[0]).toBe(dayText(HORIZON_DAYS + 3).replaceAll("-", ""));
    await foldRollups(writer);
    expect(await dropOldPartitions(writer)).toBe(1);
  });

  test("I3: no day goes while a rebuild holds the seal, and nobody waits long for nothing", async () => {
    await inTransaction(owner, async (client) => {
      await lockSeal(client);
      const startedAt = Date.now();
      expect(await dropOldPartitions(writer)).toBe(0);
      expect(Date.now() - startedAt).toBeLessThan(5_000);
    });
    expect(await dropOldPartitions(writer)).toBe(3);
  });

  test("A4: dropping gives way to a transaction that reads the ledger", async () => {
    await inTransaction(owner, async (client) => {
      await client.query("select count(*) from quotel.usage_events");
      expect(await dropOldPartitions(writer)).toBe(0);
    });
    expect(await dropOldPartitions(writer)).toBe(3);
  });

  test("A4: ended reservations, closed violations, quarantine, intake and what producers reported 90 days ago go, what is younger or still open stays", async () => {
    const ages = [89, 91].map((days) => new Date(Date.now() - days * DAY_MS));
    for (const [index, at] of ages.entries()) {
      await owner.query(
        `insert into quotel.reservations (tenant_id, reservation_id, state, admitted_at, day_start, month_start,
           expires_at, resources, estimates, settled, held, late_after_expiry)
         values ('acme', $1, 'settled', $3, $3, $3, null, '{}', '{}', '{}', '{}', '{}'),
           ('acme', $2, 'open', $3, $3, $3, now(), '{}', '{}', '{}', '{}', '{}')`,
        [`0198a000-0000-7000-8000-00000000000${index}`, `0198a000-0000-7000-8000-00000000001${index}`, at],
      );
      await owner.query(
        `insert into quotel.invariant_findings (kind, tenant_id, key, expected, found, first_seen_at, seen_at, cleared_at)
         values ('hold_drift', 'acme', $1, 0, 1, $2, $2, $2), ('hold_drift', 'acme', $1 || ' open', 0, 1, $2, $2, null)`,
        [String(index), at],
      );
      await owner.query(
        "insert into quotel.folded_intake values (date_trunc('minute', $1::timestamptz), 1, 0, 0, 0, 0, 0, $1)",
        [at],
      );
      await owner.query("insert into quotel.denial_writers values (gen_random_uuid(), 1, $1)", [at]);
      await owner.query(
        "insert into quotel.producer_reports values (date_trunc('minute', $1::timestamptz), 'dropped', 1)",
        [at],
      );
      await owner.query(
        `insert into quotel.collector_instances values (gen_random_uuid(), 'a', now(), now() - make_interval(hours => $1), '{}')`,
        [23 + 2 * index],
      );
    }
    expect(await forgetOldRows(writer)).toBe(6);
    const { rows } = await owner.query(`select
      (select count(*)::int from quotel.reservations) as reservations,
      (select count(*)::int from quotel.invariant_findings) as findings,
      (select count(*)::int from quotel.folded_intake where minute < now() - interval '1 day') as minutes,
      (select count(*)::int from quotel.denial_writers) as writers,
      (select count(*)::int from quotel.producer_reports) as reports,
      (select count(*)::int from quotel.collector_instances) as instances`);
    expect(rows).toEqual([{ reservations: 3, findings: 3, minutes: 1, writers: 1, reports: 1, instances: 1 }]);
    expect(await forgetOldRows(writer)).toBe(0);
  });

  test("A2: aggregate_usage_metrics may be called at any time, and says what is not folded and where the verifier found drift", async () => {
    await owner.query("delete from quotel.invariant_findings");
    const aggregate = async () => (await writer.query("select * from public.aggregate_usage_metrics()")).rows;
    await record(1);
    expect(await aggregate()).toEqual([{ events_unfolded: 1, drift: 0 }]);
    expect(await aggregate()).toEqual([{ events_unfolded: 1, drift: 0 }]);
    await foldRollups(writer);
    await owner.query(
      `insert into quotel.invariant_findings (kind, tenant_id, key, expected, found, first_seen_at, seen_at)
       values ('rollup_drift', 'acme', 'day', 1, 2, now(), now())`,
    );
    expect(await aggregate()).toEqual([{ events_unfolded: 0, drift: 1 }]);
  });

  test("I13: readers and tenants may not clean up", async () => {
    for (const url of [database.readerUrl, database.tenantUrl]) {
      const pool = createPool({ connectionString: url, applicationName: "other" });
      await expect(pool.query("select public.cleanup_old_realtime_events()")).rejects.toMatchObject({ code: "42501" });
      await pool.end();
    }
  });
});
