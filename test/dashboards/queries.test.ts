import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../database/test-database.ts";
import { expandQuery } from "./grafana-query.ts";
import { recordOperation } from "./operation-fixture.ts";
import { generatedDashboards, generatedPanels } from "./panel-query.ts";
import { PanelRunner, lastWeek } from "./panel-runner.ts";
import { recordUsage } from "./usage-fixture.ts";

const [database, empty] = await Promise.all([createTestDatabase(), createTestDatabase()]);
const owner = createPool({ connectionString: database.ownerUrl, applicationName: "test" });
const reader = createPool({ connectionString: database.readerUrl, applicationName: "test" });
const writer = createPool({ connectionString: database.writerUrl, applicationName: "test" });
const emptyReader = createPool({ connectionString: empty.readerUrl, applicationName: "test" });
const now = new Date();
const WEEK = lastWeek(now);
const panels = new PanelRunner(reader, WEEK);

beforeAll(async () => {
  await recordUsage(database.ownerUrl, writer, now);
  await recordOperation(owner, writer, now);
});
afterAll(async () => {
  await Promise.all([owner, reader, writer, emptyReader].map((pool) => pool.end()));
});
afterAll(database.drop);
afterAll(empty.drop);

test("every panel's queries run as quotel_reader and return every column that the panel names", async () => {
  for (const { title, targets, fieldConfig } of generatedPanels()) {
    const results = await Promise.all(targets.map(({ rawSql }) => panels.run(rawSql)));
    const columns = results.flatMap(({ fields }) => fields.map(({ name }) => name));
    const named = fieldConfig.overrides.map(({ matcher }) => matcher.options);
    expect(columns, title).toEqual(expect.arrayContaining(named));
    expect(columns, title).not.toEqual([]);
    expect(new Set(columns).size, title).toBe(columns.length);
  }
});

test("every time series is in order of time, with numbers only, but for a column metric", async () => {
  const queries = generatedPanels().flatMap(({ targets }) => targets.filter(({ format }) => format === "time_series"));
  expect(queries.length).toBeGreaterThan(0);
  for (const { rawSql } of queries) {
    const { rows, fields } = await panels.run(rawSql);
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

test("every query runs in a new database, where variables have no value", async () => {
  const nobody = { ...WEEK, variables: { tenant: [], level: [] } };
  const inEmpty = new PanelRunner(emptyReader, nobody);
  for (const { targets } of generatedPanels()) {
    for (const { rawSql } of targets) {
      const { rows } = await inEmpty.run(rawSql);
      // A sum without a group is one row, whatever there is to sum.
      expect(rows.length, rawSql).toBeLessThanOrEqual(1);
    }
  }
});

test("variables offer every tenant, and every resource with a level, in order", async () => {
  const offers = new Map<string, unknown[]>();
  for (const { templating } of generatedDashboards()) {
    for (const { name, query } of templating.list ?? []) offers.set(name, (await panels.run(query)).rows);
  }
  expect(offers.get("tenant")).toEqual([{ tenant_id: "acme" }, { tenant_id: "globex" }, { tenant_id: "idle" }]);
  expect(offers.get("level")).toEqual([{ resource: "members" }]);
});

test("a macro or variable that Grafana would not expand is refused", () => {
  expect(() => expandQuery("select $__nothing(a)", WEEK)).toThrow("no macro $__nothing");
  expect(() => expandQuery("select $tenant", WEEK)).toThrow("does not expand $tenant");
  expect(() => expandQuery("select ${user:sqlstring}", WEEK)).toThrow("no variable user");
});
