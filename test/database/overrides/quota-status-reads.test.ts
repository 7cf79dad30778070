import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../test-database.ts";

const TENANTS = 40;
const DAYS = 60;

/** A node of a plan as `explain (analyze, format json)` shows it. */
interface PlanNode {
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** How many rows of a table a plan has read, those that it threw away included. */
function rowsRead(table: string, node: PlanNode): number {
  const below = (node.Plans ?? []).reduce((sum, it) => sum + rowsRead(table, it), 0);
  if (node["Relation Name"] !== table) return below;
  return below + (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"];
}

describe.each([18, 15] as const)("quota_status on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "test" });
  const reader = createPool({ connectionString: database.readerUrl, applicationName: "test" });
  afterAll(() => Promise.all([admin.end(), reader.end()]));

  beforeAll(async () => {
    await admin.query(
      `insert into quotel.plans (plan_id, version) values ('daily', 1), ('monthly', 1);
       insert into quotel.plan_limits (plan_id, version, resource, period, amount)
         values ('daily', 1, 'tokens', 'day', 100), ('monthly', 1, 'pages', 'month', 100);`,
    );
    await admin.query(
      `insert into quotel.tenants (tenant_id, plan_id)
       select plan || number, plan from generate_series(1, $1) as number, unnest(array['daily', 'monthly']) as plan`,
      [TENANTS],
    );
    // Months of thirty days; the newest day of each tenant is the second one of its month. It lasts for an hour more.
    await admin.query(
      `insert into quotel.day_totals
       select t.tenant_id, r.resource, s.day_start, s.day_start + interval '1 day', s.month_start,
         s.month_start + interval '30 days', '{1}', '{0}'
       from quotel.tenants t, unnest(array['', 'pages']) as r (resource), generate_series(0, $1 - 1) as age
       cross join lateral (
         select newest - make_interval(days => age) as day_start,
           newest - make_interval(days => 1 + 30 * ((age + 28) / 30)) as month_start
         from (select now() - interval '23 hours' as newest) n
       ) s`,
      [DAYS],
    );
    await admin.query("vacuum analyze");
  });

  async function daysRead(condition: string): Promise<number> {
    const { rows } = await reader.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
      `explain (analyze, format json) select * from quota_status where ${condition}`,
    );
    return rowsRead("day_totals", rows[0]!["QUERY PLAN"][0].Plan);
  }

  test("of each tenant's days the status reads those of the period that holds now, however many have passed", async () => {
    const { rows } = await reader.query(
      "select plan, min(used), max(used) from quota_status group by plan order by plan",
    );
    expect(rows).toEqual([
      { plan: "daily", min: 1, max: 1 },
      { plan: "monthly", min: 2, max: 2 },
    ]);
    // The newest day, which tells the period, and the period's days.
    expect(await daysRead("period = 'day'")).toBe(TENANTS * 2);
    expect(await daysRead("period = 'month'")).toBe(TENANTS * 3);
  });

  test("who asks for one tenant's status has that tenant's totals read, not everybody's", async () => {
    expect(await daysRead("tenant_id = 'daily1'")).toBe(2);
  });

  test("a tenant whose totals are beyond every number breaks nobody's status", async () => {
    await admin.query(
      `update quotel.day_totals set used = '{9223372036854775807}', reserved = '{9223372036854775807}'
       where tenant_id in ('daily1', 'monthly1')`,
    );
    const { rows } = await reader.query(
      `select tenant_id, remaining, state from quota_status where tenant_id in ('daily1', 'daily2', 'monthly1') order by 1`,
    );
    expect(rows).toEqual([
      { tenant_id: "daily1", remaining: 0, state: "exceeded" },
      { tenant_id: "daily2", remaining: 99, state: "ok" },
      { tenant_id: "monthly1", remaining: 0, state: "exceeded" },
    ]);
    const { rows: checked } = await reader.query("select allowed, reason from check_tenant_quota('daily1', 1)");
    expect(checked).toEqual([{ allowed: false, reason: "QUOTA_EXCEEDED" }]);
  });

  test("what a rate limit admitted counts until it has slid out of the window, and not years later", async () => {
    await admin.query(
      `insert into quotel.plan_limits (plan_id, version, resource, period, amount) values ('daily', 1, 'searches', 'second', 9);
       insert into quotel.rate_windows (tenant_id, resource, period, head, counts)
         values ('daily3', 'searches', 'second', 1, '{5,6}'), ('daily4', 'searches', 'second', 1e12, '{5,6}')`,
    );
    const { rows } = await reader.query("select used from quota_status where resource = 'searches' and used > 0");
    expect(rows).toEqual([{ used: 11 }]);
  });
});
