import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { recordEvents } from "#database/record/record-events";
import { foldRollups } from "#database/rollups/fold";
import { verifyInvariants } from "#database/verify/verify";
import { inTransaction } from "#database/transaction";
import { tokensEvent } from "../../quota-service/decisions/tokens-event.ts";
import { createTestDatabase } from "../test-database.ts";

const DAY_MS = 86_400_000;
/** Noon: far from the days around it. */
const TODAY_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const NOON_MICROS = (TODAY_MS - DAY_MS / 2) * 1000;

interface Violation {
  readonly kind: string;
  readonly tenant_id: string | null;
  readonly key: string;
  readonly expected: number;
  readonly found: number;
}

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const owner = createPool({ connectionString: database.ownerUrl, applicationName: "meddler" });
  const writer = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
  const reader = createPool({ connectionString: database.readerUrl, applicationName: "grafana" });
  afterAll(() => Promise.all([owner, writer, reader].map((pool) => pool.end())));
  await owner.query("select quotel.ensure_event_partitions(current_date - 3, current_date + 1)");

  let tenant = "";
  beforeEach(async () => {
    tenant = `tenant-${Math.random().toString(36).slice(2)}`;
    await owner.query("insert into quotel.tenants (tenant_id, plan_id) values ($1, 'any')", [tenant]);
  });

  async function record(name: string, tokens: number, reservationId: string | null = null): Promise<void> {
    const event = tokensEvent(tenant, name, tokens, reservationId, NOON_MICROS);
    const received = { event, producerId: "test", receivedAtMicros: Date.now() * 1000 };
    await inTransaction(writer, (client) => recordEvents(client, [received]));
  }

  /** One event more, so that the tenant's day has changed, then a pass. What readers see of it. */
  async function violations(): Promise<Violation[]> {
    await record(`touch ${Math.random()}`, 0);
    await foldRollups(writer);
    expect(await verifyInvariants(writer)).not.toBeNull();
    const { rows } = await reader.query<Violation>(
      "select kind, tenant_id, key, expected, found from public.invariant_violations where tenant_id = $1 order by kind, key",
      [tenant],
    );
    return rows;
  }

  const DAY = new Date(TODAY_MS - DAY_MS).toISOString().replace(":00.000", "");
  const NOON = new Date(TODAY_MS - DAY_MS / 2).toISOString().replace(":00.000", "");

  test("I3: a folded rollup that differs from the ledger is a violation until it is put right", async () => {
    await record("one", 100);
    expect(await violations()).toEqual([]);
    const change = (by: number): Promise<unknown> =>
      owner.query(
        "update quotel.folded_rollups set input_tokens = input_tokens + $2 where tenant_id = $1 and model = 'gpt-4o'",
        [tenant, by],
      );
    await change(7);
    expect(await violations()).toEqual([
      { kind: "rollup_drift", tenant_id: tenant, key: `day ${DAY} input_tokens`, expected: 100, found: 107 },
      { kind: "rollup_drift", tenant_id: tenant, key: `hour ${NOON} input_tokens`, expected: 100, found: 107 },
    ]);
    await change(-7);
    expect(await violations()).toEqual([]);
  });

  test("I3: a ledger row that went without its rollups and totals is a violation", async () => {
    await record("one", 100);
    await record("two", 20);
    expect(await violations()).toEqual([]);
    await owner.query("delete from quotel.usage_events where tenant_id = $1 and input_tokens = 20", [tenant]);
    const found = await violations();
    expect(found.filter(({ key }) => key.endsWith("tokens"))).toEqual([
      { kind: "rollup_drift", tenant_id: tenant, key: `day ${DAY} input_tokens`, expected: 100, found: 120 },
      { kind: "rollup_drift", tenant_id: tenant, key: `hour ${NOON} input_tokens`, expected: 100, found: 120 },
      { kind: "total_drift", tenant_id: tenant, key: `${DAY} tokens`, expected: 100, found: 120 },
    ]);
  });

  test("I3: totals that differ from the ledger are a violation, those of events not folded yet included", async () => {
    await record("one", 100);
    expect(await violations()).toEqual([]);
    await owner.query("update quotel.day_totals set used[1] = used[1] - 1 where tenant_id = $1", [tenant]);
    await record("two", 30);
    expect(await violations()).toEqual([
      { kind: "total_drift", tenant_id: tenant, key: `${DAY} tokens`, expected: 130, found: 129 },
    ]);
  });

  test("I10: a reserved amount that no reservation holds is a violation, and so is a hold that no total has", async () => {
    await record("one", 100);
    await owner.query("update quotel.day_totals set reserved[1] = 50 where tenant_id = $1", [tenant]);
    expect(await violations()).toEqual([
      { kind: "hold_drift", tenant_id: tenant, key: `${DAY} tokens`, expected: 0, found: 50 },
    ]);
    const insertHold = (id: string, held: number): Promise<unknown> =>
      owner.query(
        `insert into quotel.reservations (tenant_id, reservation_id, state, admitted_at, day_start, month_start,
           expires_at, resources, estimates, settled, held, late_after_expiry)
         values ($1, $2, 'open', $3, $3, $3, now() + interval '1 hour', '{tokens}', array[$4::bigint], '{0}',
           array[$4::bigint], '{0}')`,
        [tenant, id, new Date(TODAY_MS - DAY_MS), held],
      );
    await insertHold("0198a000-0000-7000-8000-000000000001", 50);
    expect(await violations()).toEqual([]);
    await insertHold("0198a000-0000-7000-8000-000000000002", 5);
    expect(await violations()).toEqual([
      { kind: "hold_drift", tenant_id: tenant, key: `${DAY} tokens`, expected: 55, found: 50 },
    ]);
  });

  test("I10: holds are verified of tenants whose days do not change, too", async () => {
    await record("one", 100);
    expect(await violations()).toEqual([]);
    await owner.query("update quotel.day_totals set reserved[1] = 50 where tenant_id = $1", [tenant]);
    // A round over all tenants: each pass takes some.
    await verifyInvariants(writer);
    const { rows } = await owner.query("select kind from public.invariant_violations where tenant_id = $1", [tenant]);
    expect(rows).toEqual([{ kind: "hold_drift" }]);
  });

  test("I5: less than nothing used of what is only consumed is a violation, of what can be given back it is not", async () => {
    await record("one", 100);
    await owner.query(
      `update quotel.day_totals set used = '{-5,0,0,0,0,0,0,0,-700}', reserved = '{0,-1}' where tenant_id = $1`,
      [tenant],
    );
    const negative = (await violations()).filter(({ kind }) => kind === "negative_total");
    expect(negative).toEqual([
      { kind: "negative_total", tenant_id: tenant, key: `${DAY} api_calls`, expected: 0, found: -1 },
      { kind: "negative_total", tenant_id: tenant, key: `${DAY} tokens`, expected: 0, found: -5 },
    ]);
  });

  test("I1: the same span on two neighbouring days of the ledger is a violation", async () => {
    await record("one", 100);
    expect(await violations()).toEqual([]);
    const event = tokensEvent(tenant, "one", 100, null, NOON_MICROS + DAY_MS * 1000);
    const received = { event, producerId: "test", receivedAtMicros: Date.now() * 1000 };
    await inTransaction(writer, (client) => recordEvents(client, [received]));
    expect(await violations()).toContainEqual({
      kind: "repeated_identity",
      tenant_id: tenant,
      key: DAY,
      expected: 0,
      found: 1,
    });
  });

  test("I6: unattributed usage that names a tenant is a violation once that tenant is registered", async () => {
    const claimed = `${tenant}-claimed`;
    const event = tokensEvent("unattributed", claimed, 10, null, NOON_MICROS);
    const claims = { ...event, detail: { claimed_tenant: claimed } };
    const received = { event: claims, producerId: "test", receivedAtMicros: Date.now() * 1000 };
    await inTransaction(writer, (client) => recordEvents(client, [received]));
    await foldRollups(writer);
    await verifyInvariants(writer);
    const named =
      "select expected, found from public.invariant_violations where kind = 'unattributed_claim' and key = $1";
    expect((await reader.query(named, [`${DAY} ${claimed}`])).rows).toEqual([]);
    await owner.query("insert into quotel.unknown_tenants values ($1, current_date)", [claimed]);
    await owner.query("insert into quotel.tenants (tenant_id, plan_id) values ($1, 'any')", [claimed]);
    await verifyInvariants(writer);
    expect((await reader.query(named, [`${DAY} ${claimed}`])).rows).toEqual([{ expected: 0, found: 1 }]);
    await owner.query("update quotel.usage_events set moved_to = $1 where tenant_id = 'unattributed'", [claimed]);
    await verifyInvariants(writer);
    expect((await reader.query(named, [`${DAY} ${claimed}`])).rows).toEqual([]);
  });

  test("I3: batches that wait for minutes to be folded are a violation of nobody's tenant", async () => {
    await record("one", 100);
    await owner.query("update quotel.unfolded_batches set opened_at = now() - interval '10 minutes'");
    await verifyInvariants(writer);
    const stuck =
      "select tenant_id, expected, found >= 600 as old from public.invariant_violations where kind = 'folding_stuck'";
    expect((await reader.query(stuck)).rows).toEqual([{ tenant_id: null, expected: 300, old: true }]);
    await foldRollups(writer);
    await verifyInvariants(writer);
    expect((await reader.query(stuck)).rows).toEqual([]);
  });

  test("a violation keeps the instant at which it was first seen, and its age grows", async () => {
    await record("one", 100);
    await owner.query("update quotel.day_totals set used[1] = 1 where tenant_id = $1", [tenant]);
    await violations();
    const sql =
      "select first_seen_at, extract(epoch from age)::float8 as age from public.invariant_violations where tenant_id = $1";
    const first = await reader.query<{ first_seen_at: Date; age: number }>(sql, [tenant]);
    await violations();
    const second = await reader.query<{ first_seen_at: Date; age: number }>(sql, [tenant]);
    expect(second.rows[0]!.first_seen_at).toEqual(first.rows[0]!.first_seen_at);
    expect(second.rows[0]!.age).toBeGreaterThan(first.rows[0]!.age);
  });

  test("buckets that have lost events to retention are not verified", async () => {
    await record("one", 100);
    await owner.query("update quotel.ledger_seal set unsealed_from = $1", [new Date(TODAY_MS)]);
    await owner.query("delete from quotel.usage_events where tenant_id = $1", [tenant]);
    expect(await violations()).toEqual([]);
    await owner.query("update quotel.ledger_seal set unsealed_from = '-infinity'");
  });
});
