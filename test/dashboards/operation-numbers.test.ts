import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../database/test-database.ts";
import { recordOperation } from "./operation-fixture.ts";
import { PanelRunner, lastWeek, sum } from "./panel-runner.ts";
import { recordUsage } from "./usage-fixture.ts";

const database = await createTestDatabase();
const owner = createPool({ connectionString: database.ownerUrl, applicationName: "test" });
const reader = createPool({ connectionString: database.readerUrl, applicationName: "test" });
const writer = createPool({ connectionString: database.writerUrl, applicationName: "test" });
const now = new Date();
const panels = new PanelRunner(reader, lastWeek(now));
const ended = new Date(now.getTime() - 1_000);

beforeAll(async () => {
  await recordUsage(database.ownerUrl, writer, now);
  await recordOperation(owner, writer, now);
});
afterAll(() => Promise.all([owner, reader, writer].map((pool) => pool.end())));
afterAll(database.drop);

test("the pipeline at a glance: one row of what is wrong now", async () => {
  const [row] = await panels.rowsOf("Now");
  expect(row).toMatchObject({
    Collectors: 1,
    "Invariant violations": 1,
    "Records lost": 1,
    "Oldest unfolded": 0,
    "In quarantine": 3,
  });
  expect(Number(row?.["Producers behind"])).toBeLessThan(120);
});

test("producers are listed with what they tell, those with losses first, and who never tells is blank", async () => {
  expect(await panels.rowsOf("Producers")).toMatchObject([
    { Service: "worker", Run: "worker-r", Lost: 1, Dropped: 1, Damaged: 1, "Allowed alone": 4, "Denied alone": 0 },
    { Service: "unknown", Run: "old-run", Lost: 0, Dropped: null, Waiting: null, "Complete to": ended },
    { Service: "web", Run: "web-run", Lost: 0, Dropped: 0, Waiting: 1, "Complete to": ended, Received: 3 },
  ]);
});

test("what producers report is the trouble that they had, and nothing that is in order", async () => {
  const rows = await panels.rowsOf("What producers report");
  expect(new Map(rows.map(({ metric, Count }) => [metric, Count]))).toEqual(
    new Map([
      ["damaged", 1],
      ["dropped", 1],
      ["fail open", 4],
      ["retries", 2],
    ]),
  );
});

test("the intake by minute is each event once, with its lag, and the shares of what is uncertain", async () => {
  const events = await panels.rowsOf("Events recorded");
  expect([sum(events, "Attributed"), sum(events, "Unattributed")]).toEqual([9, 0]);
  // One of the nine ended a day ago.
  const [lag] = await panels.rowsOf("Lag");
  expect(Number(lag?.["Mean lag"])).toBeCloseTo(86_400 / 9, 0);
  expect(await panels.rowsOf("Unpriced and estimated model calls")).toMatchObject([
    { Unpriced: 0.25, Estimated: 0.25 },
  ]);
});

test("what does not count is there with its reasons, what is normal last", async () => {
  expect(await panels.rowsOf("Invariant violations")).toMatchObject([
    { Kind: "rollup_drift", Tenant: "acme", Where: "tokens", Expected: 900, Found: 890 },
  ]);
  expect(await panels.rowsOf("In quarantine, by reason")).toEqual([
    { Reason: "no_end_time", Items: 2 },
    { Reason: "invalid_amount", Items: 1 },
  ]);
  expect(await panels.rowsOf("Not counted, by reason")).toEqual([
    { What: "spans rejected", Reason: "no end time", Count: 2 },
    { What: "spans ignored", Reason: "no usage", Count: 9 },
  ]);
  expect(await panels.rowsOf("Claims of foreign tenants")).toMatchObject([
    { Key: "acme-key", "Claimed tenant": "globex", Signal: "span", Claims: 5 },
  ]);
});

test("denials are shown by time, by tenant and by resource, of the picked tenants only", async () => {
  expect(sum(await panels.rowsOf("Denials by reason"), "Denials")).toBe(10);
  expect(await panels.rowsOf("Most denied tenants")).toEqual([
    { Tenant: "acme", Denials: 8 },
    { Tenant: "globex", Denials: 2 },
  ]);
  const picked = { ...lastWeek(now), variables: { tenant: ["globex"], level: [] } };
  expect(await panels.rowsOf("What was denied", picked)).toMatchObject([
    { Tenant: "globex", Resource: "api_calls", Reason: "RATE_LIMITED", Denials: 2 },
  ]);
});

test("reservations are counted once each, whatever number of resources they hold", async () => {
  const [row] = await panels.rowsOf("Reservations that hold something");
  expect(row).toMatchObject({ Open: 1, Closed: 1, Kept: 1 });
  expect(Number(row?.["Oldest open"])).toBeGreaterThanOrEqual(120);
  expect(await panels.rowsOf("Held by tenant and resource")).toMatchObject([
    { Tenant: "acme", Resource: "tokens", Held: 40, Reservations: 2 },
    { Tenant: "acme", Resource: "api_calls", Held: 1, Reservations: 1 },
  ]);
});

test("levels are the newest sample against the limit, and the day's highest over time", async () => {
  expect(await panels.rowsOf("Levels against limits")).toMatchObject([
    { Tenant: "acme", Resource: "members", Used: 8, Limit: 10, "Share used": 80, State: "warning" },
    { Tenant: "idle", Resource: "members", Used: 0, "Share used": 0 },
  ]);
  const rows = await panels.rowsOf("Highest level of each day");
  expect(rows.filter(({ metric }) => metric === "globex").map((row) => row["High water"])).toEqual([3]);
  expect(rows.map((row) => row["High water"])).toContain(9);
});

test("the audit trail shows the newest first, and of failures those that nobody has dealt with", async () => {
  expect(await panels.rowsOf("Latest events")).toMatchObject([
    { Type: "plan.changed", Who: "admin ann@example.com", What: "plan pro", Result: "failure" },
    { Tenant: "acme", Result: expect.stringMatching(/success|failure/) },
    { Tenant: "acme", Result: expect.stringMatching(/success|failure/) },
  ]);
  expect(await panels.rowsOf("Failed and not resolved")).toMatchObject([
    { Type: "plan.changed", Error: "no such plan" },
  ]);
  expect(sum(await panels.rowsOf("Events by type"), "Events")).toBe(3);
});
