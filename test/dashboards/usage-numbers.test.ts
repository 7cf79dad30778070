import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../database/test-database.ts";
import { PanelRunner, lastWeek, sum } from "./panel-runner.ts";
import { recordUsage } from "./usage-fixture.ts";

const database = await createTestDatabase();
const reader = createPool({ connectionString: database.readerUrl, applicationName: "test" });
const writer = createPool({ connectionString: database.writerUrl, applicationName: "test" });
const now = new Date();
const WEEK = lastWeek(now);
const panels = new PanelRunner(reader, WEEK);

beforeAll(() => recordUsage(database.ownerUrl, writer, now));
afterAll(() => Promise.all([reader.end(), writer.end()]));
afterAll(database.drop);

test("tokens against today's limit come with share, state and unlimited plans last", async () => {
  const rows = await panels.rowsOf("Tokens used of today's limit");
  expect(rows).toMatchObject([
    { Tenant: "acme", Plan: "small", Used: 900, Held: 0, Limit: 1000, "Share used": 90, State: "warning" },
    { Tenant: "idle", Used: 0, Limit: 1000, "Share used": 0, State: "ok" },
    { Tenant: "globex", Used: 100, Limit: null, "Share used": null, State: "ok" },
  ]);
});

test("only limits that are at least 80 % used are listed as close", async () => {
  const rows = await panels.rowsOf("Tenants above 80 % of a limit");
  expect(rows).toMatchObject([{ Tenant: "acme", Resource: "tokens", Period: "day", "Share used": 90 }]);
});

test("the top tenants are those with most tokens today, limited or not", async () => {
  expect(await panels.rowsOf("Top tenants by tokens today")).toEqual([
    { Tenant: "acme", Tokens: 900 },
    { Tenant: "globex", Tokens: 100 },
  ]);
});

test("traffic counts all calls, successful model operations, and denials apart from failures", async () => {
  const activity = await panels.rowsOf("API calls, chat messages and embeddings");
  expect([sum(activity, "API calls"), sum(activity, "Chat messages"), sum(activity, "Embeddings")]).toEqual([5, 3, 1]);
  const denied = await panels.rowsOf("Denied and failed calls");
  expect([sum(denied, "Rate-limited"), sum(denied, "Failed")]).toEqual([1, 1]);
});

test("the latency percentile is within 5 % of the truth, for tenants with API calls only", async () => {
  const rows = await panels.rowsOf("API latency, 95th percentile");
  expect(rows.map(({ metric }) => metric)).toEqual(["acme"]);
  expect(Math.abs(Number(rows[0]?.["p95"]) - 100)).toBeLessThanOrEqual(5);
});

test("tokens by model and cost in dollars add up to what was recorded", async () => {
  const tokens = await panels.rowsOf("Tokens by model");
  const of = (model: string): number =>
    sum(
      tokens.filter(({ metric }) => metric === model),
      "Tokens",
    );
  expect([of("gpt-4o-mini"), of("mystery"), of("text-embedding-3-small")]).toEqual([950, 50, 100]);
  expect(sum(await panels.rowsOf("Cost of model calls"), "Cost")).toBeCloseTo(3.500_000_001, 9);
});

test("estimated tokens and unpriced calls are shown as shares of the whole", async () => {
  const title = "Trust: estimated, partial and unpriced usage";
  expect(await panels.rowsOf(title)).toEqual([
    { "Estimated tokens": 50 / 1100, "Partial tokens": 0, "Calls without usage": 0 },
  ]);
  expect(await panels.rowsOf(title, WEEK, "B")).toEqual([{ "Unpriced calls": 1 / 4 }]);
});

test("up to two days come by the hour and more by the day, with the same totals", async () => {
  const hourly = { ...WEEK, from: new Date(now.getTime() - 47 * 3_600_000) };
  const title = "Cost of model calls";
  const [byHour, byDay] = [await panels.rowsOf(title, hourly), await panels.rowsOf(title)];
  expect(sum(byHour, "Cost")).toBe(sum(byDay, "Cost"));
  expect(byHour.map(({ time }) => Number(time) * 1000)).toContain(new Date(now).setUTCMinutes(0, 0, 0));
  expect(byDay.map(({ time }) => Number(time) * 1000)).toContain(new Date(now).setUTCHours(0, 0, 0, 0));
});

test("a panel shows the picked tenants and the picked time only", async () => {
  const picked = { ...WEEK, variables: { tenant: ["globex"] } };
  expect(await panels.rowsOf("Top tenants by tokens today", picked)).toEqual([{ Tenant: "globex", Tokens: 100 }]);
  const past = {
    ...WEEK,
    from: new Date(now.getTime() - 10 * 86_400_000),
    to: new Date(now.getTime() - 2 * 86_400_000),
  };
  expect(await panels.rowsOf("Cost of model calls", past)).toEqual([]);
});
