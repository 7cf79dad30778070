import { expect, test } from "vitest";
import { readinessProblems } from "../../../collector/observe/readiness.ts";

const well = { backlog: { events: 1_000, oldestAgeMs: 5_000 }, commitWaitMs: 200 };

test.each([
  ["all is well", well, []],
  ["at the bounds", { backlog: { events: 5_000_000, oldestAgeMs: 120_000 }, commitWaitMs: 10_000 }, []],
  ["the database is away", { ...well, backlog: null }, ["the database does not answer"]],
  ["commits wait", { ...well, commitWaitMs: 12_400 }, ["a request has waited 12 s to be committed (at most 10 s)"]],
  [
    "folding is late",
    { ...well, backlog: { events: 6_000_000, oldestAgeMs: 180_000 } },
    ["events have waited 180 s to be folded (at most 120 s)", "6000000 events wait to be folded (at most 5000000)"],
  ],
])("a collector says why it is not ready: %s", (_case, vitals, problems) => {
  expect(readinessProblems(vitals)).toEqual(problems);
});
