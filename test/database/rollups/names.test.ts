import { EVENT_TYPES } from "@quotel/conventions";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { recordEvents } from "#database/record/record-events";
import type { UsageEvent } from "#database/record/usage-event";
import { foldRollups } from "#database/rollups/fold";
import { inTransaction } from "#database/transaction";
import { tokensEvent } from "../../quota-service/decisions/tokens-event.ts";
import { driftFromLedger } from "../record/usage-oracle.ts";
import { createTestDatabase } from "../test-database.ts";

const database = await createTestDatabase();
afterAll(database.drop);
const pool = createPool({ connectionString: database.ownerUrl, applicationName: "rollup-names" });
afterAll(() => pool.end());
await pool.query("select quotel.ensure_event_partitions(current_date - 1, current_date + 1)");

async function record(events: readonly UsageEvent[]): Promise<void> {
  const received = { producerId: "test", receivedAtMicros: Date.now() * 1000 };
  await inTransaction(pool, (client) =>
    recordEvents(
      client,
      events.map((event) => ({ event, ...received })),
    ),
  );
}

/** One event of so many tokens for each number, told apart by the number. */
function events(tenantId: string, count: number, more: (n: number) => Partial<UsageEvent>): UsageEvent[] {
  return Array.from({ length: count }, (_, n) => ({ ...tokensEvent(tenantId, `e${n}`, n + 1, null), ...more(n) }));
}

test("usage by user and model is exact while it arrives and after it is folded, and usage of nobody is not in it", async () => {
  const users = ["ann", "bob", null];
  await record(events("acme", 12, (n) => ({ userId: users[n % 3]!, model: n < 6 ? "gpt-4o" : "o3", costNanoUsd: n })));
  const byUser = async (): Promise<unknown[]> => {
    const { rows } = await pool.query(
      `select user_id, model, calls, input_tokens, cost_nano_usd from public.usage_by_user
       where tenant_id = 'acme' order by 1, 2`,
    );
    return rows;
  };
  const exact = [
    { user_id: "ann", model: "gpt-4o", calls: 2, input_tokens: 1 + 4, cost_nano_usd: 0 + 3 },
    { user_id: "ann", model: "o3", calls: 2, input_tokens: 7 + 10, cost_nano_usd: 6 + 9 },
    { user_id: "bob", model: "gpt-4o", calls: 2, input_tokens: 2 + 5, cost_nano_usd: 1 + 4 },
    { user_id: "bob", model: "o3", calls: 2, input_tokens: 8 + 11, cost_nano_usd: 7 + 10 },
  ];
  expect(await byUser()).toEqual(exact);
  await foldRollups(pool);
  expect(await byUser()).toEqual(exact);
  expect(await driftFromLedger(pool)).toEqual([]);
});

test("SQL knows the same built-in event types as the rest, and they never use up a tenant's room for names", async () => {
  const { rows } = await pool.query("select quotel.built_in_event_types() as types");
  expect(rows).toEqual([{ types: EVENT_TYPES }]);
  const custom = events("typed", 120, (n) => ({ eventType: `custom_${n}` }));
  await record([
    ...custom,
    ...EVENT_TYPES.map((eventType) => ({ ...tokensEvent("typed", eventType, 1, null), eventType })),
  ]);
  await foldRollups(pool);
  const byType = await pool.query<{ event_type: string }>(
    "select distinct event_type from quotel.folded_rollups where tenant_id = 'typed'",
  );
  const types = byType.rows.map((row) => row.event_type);
  expect(types).toEqual(expect.arrayContaining([...EVENT_TYPES, "__other__"]));
  expect(types).toHaveLength(100 + EVENT_TYPES.length + 1);
});

test.each([
  { kind: "models", column: "model", cap: 500, more: (n: number) => ({ model: `model-${n}`, userId: null }) },
  { kind: "users", column: "user_id", cap: 10_000, more: (n: number) => ({ userId: `user-${n}` }) },
])(
  "$kind beyond a tenant's cap of $cap are rolled up as __other__, sums preserved, also those that come later",
  async ({ kind, column, cap, more }) => {
    const all = events(`many-${kind}`, cap + 40, more);
    await record(all.slice(0, cap - 10));
    await foldRollups(pool);
    await record(all.slice(cap - 10));
    await foldRollups(pool);
    const { rows } = await pool.query(
      `select count(distinct ${column}) as names, sum(input_tokens)::bigint as tokens,
       (sum(events) filter (where ${column} = '__other__'))::bigint as others
     from quotel.folded_rollups where tenant_id = $1 and granularity = case $2 when 'users' then 'user_day' else 'day' end`,
      [`many-${kind}`, kind],
    );
    expect(rows).toEqual([{ names: cap + 1, tokens: ((cap + 40) * (cap + 41)) / 2, others: 40 }]);
    expect(await driftFromLedger(pool)).toEqual([]);
  },
);
