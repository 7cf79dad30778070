import { BUILT_IN_RESOURCES } from "@quotel/conventions";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { NO_CALENDAR, accountingPeriods } from "#database/periods/period";
import { TotalDeltas, addToTotals } from "#database/totals/add-to-totals";
import { inTransaction } from "#database/transaction";
import { createTestDatabase } from "../test-database.ts";

const database = await createTestDatabase();
const pool = createPool({ connectionString: database.writerUrl, applicationName: "test" });
afterAll(database.drop);
afterAll(() => pool.end());

test("I3: every built-in resource has a total of its own, which adds up whatever is added in one go", async () => {
  const periods = accountingPeriods(Date.UTC(2026, 10, 23, 12), NO_CALENDAR);
  const resources = [...BUILT_IN_RESOURCES, "custom_things"];
  const add = (amounts: (index: number) => { used?: number; reserved?: number }): Promise<void> =>
    inTransaction(pool, async (client) => {
      const deltas = new TotalDeltas();
      resources.forEach((resource, index) => deltas.add("acme", resource, periods, amounts(index)));
      await addToTotals(client, deltas);
    });
  await add((index) => ({ used: index + 1 }));
  await add((index) => ({ used: 1000, reserved: (index + 1) * 10 }));
  await add((index) => (index === 3 ? { used: -4 } : {}));

  const { rows } = await pool.query<{ resource: string; used: number; reserved: number }>(
    "select resource, used, reserved from quotel.quota_totals where tenant_id = 'acme' and period = 'day'",
  );
  const found = Object.fromEntries(rows.map(({ resource, used, reserved }) => [resource, [used, reserved]]));
  expect(found).toEqual(
    Object.fromEntries(
      resources.map((resource, index) => [resource, [index + 1001 - (index === 3 ? 4 : 0), (index + 1) * 10]]),
    ),
  );
});
