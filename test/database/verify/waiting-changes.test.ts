import { beforeEach, describe, expect, test } from "vitest";
import { recordEvents } from "#database/record/record-events";
import { foldRollups } from "#database/rollups/fold";
import { inTransaction } from "#database/transaction";
import { verifyInvariants } from "#database/verify/verify";
import { tokensEvent } from "../../quota-service/decisions/tokens-event.ts";
import { openDatabase } from "../open-database.ts";

const HOUR_MS = 3_600_000;
/** As many events as one pass looks at. */
const A_PASS = 100_000;

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const { owner, writer, reader } = await openDatabase(version);
  await owner.query("select quotel.ensure_event_partitions(current_date - 1, current_date + 1)");
  beforeEach(() =>
    owner.query("truncate quotel.usage_events, quotel.unfolded_batches, quotel.accounted_days, quotel.day_totals"),
  );

  async function record(tenantId: string, name: string): Promise<void> {
    const receivedAtMicros = Date.now() * 1000;
    const event = tokensEvent(tenantId, name, 1, null, receivedAtMicros);
    await inTransaction(writer, (client) => recordEvents(client, [{ event, producerId: "test", receivedAtMicros }]));
    await foldRollups(writer);
  }

  /** As if the tenant's day had so many events, of which the first came so long ago. */
  async function pretend(tenantId: string, events: number, hoursAgo: number): Promise<void> {
    await owner.query(
      `update quotel.accounted_days set events = $2,
         changed_at = case when $3 > 0 then now() - $3 * interval '1 hour' else changed_at end
       where tenant_id = $1`,
      [tenantId, events, hoursAgo],
    );
  }

  async function unverifiedHours(): Promise<number | null> {
    const { rows } = await reader.query<{ value: number }>(
      "select round((value / 3600)::numeric, 1)::float8 as value from public.pipeline_health where name = 'unverified_age_seconds'",
    );
    return rows[0]?.value ?? null;
  }

  test("what changed first is verified first however much changes later, and pipeline_health says how long it waits", async () => {
    expect(await unverifiedHours()).toBeNull();
    for (const [index, tenantId] of ["first", "second", "third"].entries()) {
      await record(tenantId, "one");
      await pretend(tenantId, A_PASS, 3 - index);
    }
    expect(await unverifiedHours()).toBe(3);
    // A day that has not been verified waits since its first change, whatever comes later.
    await record("first", "two");
    expect(await unverifiedHours()).toBe(3);
    const waited: (number | undefined)[] = [];
    for (let pass = 0; pass < 3; pass++) {
      const verified = await verifyInvariants(writer);
      waited.push(verified === null ? undefined : Math.round(verified.waitedMs / HOUR_MS));
      if (pass > 0) continue;
      await pretend("first", 1, 0);
      await record("first", "three");
      expect(await unverifiedHours()).toBe(2);
    }
    expect(waited).toEqual([3, 2, 1]);
    await verifyInvariants(writer);
    expect(await unverifiedHours()).toBeNull();
    expect(await verifyInvariants(writer)).toMatchObject({ days: 0, waitedMs: 0 });
  });

  test("collectors that verify in turn rest together: who comes too early after another's pass leaves", async () => {
    expect(await verifyInvariants(writer)).not.toBeNull();
    expect(await verifyInvariants(writer, 60_000)).toBeNull();
    await owner.query("update quotel.verification set passed_at = now() - interval '61 seconds'");
    expect(await verifyInvariants(writer, 60_000)).not.toBeNull();
    expect(await verifyInvariants(writer)).not.toBeNull();
  });

  test("a day that retention has sealed is nothing that waits to be verified", async () => {
    await record("first", "one");
    expect(await unverifiedHours()).toBe(0);
    await owner.query("update quotel.ledger_seal set unsealed_from = now() + interval '1 day'");
    expect(await unverifiedHours()).toBeNull();
    await owner.query("update quotel.ledger_seal set unsealed_from = '-infinity'");
  });
});
