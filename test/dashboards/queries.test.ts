import type { QueryResult } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../database/test-database.ts";
import { expandQuery } from "./grafana-query.ts";
import type { QueryContext } from "./grafana-query.ts";
import { generatedDashboards, generatedPanels } from "./panel-query.ts";
import { recordUsage } from "./usage-fixture.ts";

type Row = Record<string, unknown>;

const database = await createTestDatabase();
const reader = createPool({ connectionString: database.readerUrl, applicationName: "test" });
const writer = createPool({ connectionString: database.writerUrl, applicationName: "test" });
const now = new Date();

const WEEK: QueryContext = {
  from: new Date(now.getTime() - 7 * 86_400_000),
  to: new Date(now.getTime() + 60_000),
  interval: "1h",
  variables: { tenant: ["acme", "globex", "idle"] },
};

beforeAll(() => recordUsage(database.ownerUrl, writer, now));
afterAll(async () => {
  await Promise.all([reader.end(), writer.end()]);
});
afterAll(database.drop);

function run(rawSql: string, context: QueryContext = WEEK): Promise<QueryResult<Row>> {
  return reader.query<Row>(expandQuery(rawSql, context));
}

/** The rows of one query of the panel with this title. */
async function rowsOf(title: string, context: QueryContext = WEEK, refId = "A"): Promise<Row[]> {
  const query = generatedPanels()
    .find((panel) => panel.title === title)
    ?.targets.find((target) => target.refId === refId);
  if (query === undefined) throw new Error(`No query ${refId} in a panel "${title}"`);
  return (await run(query.rawSql, context)).rows;
}

const sum = (rows: readonly Row[], column: string): number =>
  rows.reduce((total, row) => total + Number(row[column]), 0);

describe("the shape of the answers", () => {
  test("every panel's queries run as quotel_reader and return every column that the panel names", async () => {
    for (const { title, targets, fieldConfig } of generatedPanels()) {
      const results = await Promise.all(targets.map(({ rawSql }) => run(rawSql)));
      const columns = results.flatMap(({ fields }) => fields.map(({ name }) => name));
      const named = fieldConfig.overrides.map(({ matcher }) => matcher.options);
      expect(columns, title).toEqual(expect.arrayContaining(named));
      expect(columns, title).not.toEqual([]);
      expect(new Set(columns).size, title).toBe(columns.length);
    }
  });

  test("every time series is in order of time, with numbers only, but for a column metric", async () => {
    const queries = generatedPanels().flatMap(({ targets }) =>
      targets.filter(({ format }) => format === "time_series"),
    );
    expect(queries.length).toBeGreaterThan(0);
    for (const { rawSql } of queries) {
      const { rows, fields } = await run(rawSql);
      expect(rows, rawSql).not.toEqual([]);
      expect(fields[0]?.name, rawSql).toBe("time");
      const times = rows.map(({ time }) => Number(time));
      expect(times, rawSql).toEqual([...times].sort((a, b) => a - b));
      const values = fields.slice(1).filter(({ name }) => name !== "metric");
      expect(values, rawSql).not.toEqual([]);
      for (const { name } of values)
        expect(
          rows.map((row) => Number(row[name])),
          rawSql,
        ).not.toContain(NaN);
    }
  });

  test("every query runs in a database without tenants, where the variable has no value", async () => {
    for (const { targets } of generatedPanels()) {
      for (const { rawSql } of targets) {
        const { rows } = await run(rawSql, { ...WEEK, variables: { tenant: [] } });
        // A sum without a group is one row, whatever there is to sum.
        expect(rows.length, rawSql).toBeLessThanOrEqual(1);
      }
    }
  });

  test("the tenant variable offers every tenant, in order", async () => {
    for (const { templating } of generatedDashboards()) {
      for (const { query } of templating.list) {
        expect((await run(query)).rows).toEqual([
          { tenant_id: "acme" },
          { tenant_id: "globex" },
          { tenant_id: "idle" },
        ]);
      }
    }
  });

  test("a macro or variable that Grafana would not expand is refused", () => {
    expect(() => expandQuery("select $__nothing(a)", WEEK)).toThrow("no macro $__nothing");
    expect(() => expandQuery("select $tenant", WEEK)).toThrow("does not expand $tenant");
    expect(() => expandQuery("select ${user:sqlstring}", WEEK)).toThrow("no variable user");
  });
});

describe("the numbers", () => {
  test("tokens against today's limit come with share, state and unlimited plans last", async () => {
    const rows = await rowsOf("Tokens used of today's limit");
    expect(rows).toMatchObject([
      { Tenant: "acme", Plan: "small", Used: 900, Held: 0, Limit: 1000, "Share used": 90, State: "warning" },
      { Tenant: "idle", Used: 0, Limit: 1000, "Share used": 0, State: "ok" },
      { Tenant: "globex", Used: 100, Limit: null, "Share used": null, State: "ok" },
    ]);
  });

  test("only limits that are at least 80 % used are listed as close", async () => {
    const rows = await rowsOf("Tenants above 80 % of a limit");
    expect(rows).toMatchObject([{ Tenant: "acme", Resource: "tokens", Period: "day", "Share used": 90 }]);
  });

  test("the top tenants are those with most tokens today, limited or not", async () => {
    expect(await rowsOf("Top tenants by tokens today")).toEqual([
      { Tenant: "acme", Tokens: 900 },
      { Tenant: "globex", Tokens: 100 },
    ]);
  });

  test("traffic counts all calls, successful model operations, and denials apart from failures", async () => {
    const activity = await rowsOf("API calls, chat messages and embeddings");
    expect([sum(activity, "API calls"), sum(activity, "Chat messages"), sum(activity, "Embeddings")]).toEqual([
      5, 3, 1,
    ]);
    const denied = await rowsOf("Denied and failed calls");
    expect([sum(denied, "Rate-limited"), sum(denied, "Failed")]).toEqual([1, 1]);
  });

  test("the latency percentile is within 5 % of the truth, for tenants with API calls only", async () => {
    const rows = await rowsOf("API latency, 95th percentile");
    expect(rows.map(({ metric }) => metric)).toEqual(["acme"]);
    expect(Math.abs(Number(rows[0]?.["p95"]) - 100)).toBeLessThanOrEqual(5);
  });

  test("tokens by model and cost in dollars add up to what was recorded", async () => {
    const tokens = await rowsOf("Tokens by model");
    const of = (model: string): number =>
      sum(
        tokens.filter(({ metric }) => metric === model),
        "Tokens",
      );
    expect([of("gpt-4o-mini"), of("mystery"), of("text-embedding-3-small")]).toEqual([950, 50, 100]);
    expect(sum(await rowsOf("Cost of model calls"), "Cost")).toBeCloseTo(3.500_000_001, 9);
  });

  test("estimated tokens and unpriced calls are shown as shares of the whole", async () => {
    const title = "Trust: estimated, partial and unpriced usage";
    expect(await rowsOf(title)).toEqual([
      { "Estimated tokens": 50 / 1100, "Partial tokens": 0, "Calls without usage": 0 },
    ]);
    expect(await rowsOf(title, WEEK, "B")).toEqual([{ "Unpriced calls": 1 / 4 }]);
  });

  test("up to two days come by the hour and more by the day, with the same totals", async () => {
    const hourly = { ...WEEK, from: new Date(now.getTime() - 47 * 3_600_000) };
    const title = "Cost of model calls";
    const [byHour, byDay] = [await rowsOf(title, hourly), await rowsOf(title)];
    expect(sum(byHour, "Cost")).toBe(sum(byDay, "Cost"));
    expect(byHour.map(({ time }) => Number(time) * 1000)).toContain(new Date(now).setUTCMinutes(0, 0, 0));
    expect(byDay.map(({ time }) => Number(time) * 1000)).toContain(new Date(now).setUTCHours(0, 0, 0, 0));
  });

  test("a panel shows the picked tenants and the picked time only", async () => {
    const picked = { ...WEEK, variables: { tenant: ["globex"] } };
    expect(await rowsOf("Top tenants by tokens today", picked)).toEqual([{ Tenant: "globex", Tokens: 100 }]);
    const past = {
      ...WEEK,
      from: new Date(now.getTime() - 10 * 86_400_000),
      to: new Date(now.getTime() - 2 * 86_400_000),
    };
    expect(await rowsOf("Cost of model calls", past)).toEqual([]);
  });
});
