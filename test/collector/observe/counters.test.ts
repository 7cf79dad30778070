import { expect, test } from "vitest";
import { Counters } from "../../../collector/observe/counters.ts";
import { Metrics } from "../../../collector/observe/metrics.ts";

test("a family tells a hundred labels apart, and counts the rest together, however many senders make up", () => {
  const counters = new Counters();
  for (let i = 0; i < 1_000; i += 1) counters.add(`spans_accepted_by_scope.scope-${i}`);
  counters.add("spans_accepted_by_scope.scope-7", 5);
  counters.add("spans_accepted_by_scope.another one");
  expect(counters.get("spans_accepted_by_scope.scope-7")).toBe(6);
  expect(counters.get("spans_accepted_by_scope.__other__")).toBe(901);
  expect(Object.keys(counters.snapshot())).toHaveLength(101);
});

test("labels hold nothing that Postgres cannot store, and are bounded in length", () => {
  const counters = new Counters();
  counters.add("spans_accepted_by_scope.nul\0and\ud800");
  counters.add("spans_accepted_by_scope.nul\0and\ud800");
  counters.add(`spans_accepted_by_scope.${"x".repeat(10_000)}`);
  expect(counters.snapshot()).toEqual({
    "spans_accepted_by_scope.nul\uFFFDand\uFFFD": 2,
    [`spans_accepted_by_scope.${"x".repeat(256)}`]: 1,
  });
});

test("/metrics shows every counter by family and label, also those that others keep, and never twice what was counted once", async () => {
  const metrics = new Metrics();
  const kept = { accepted: 1, duplicate: 2 };
  metrics.counters.include("events", kept);
  metrics.counters.add("spans_received", 3);
  metrics.counters.add("spans_rejected.no_end_time", 2);
  metrics.counters.add('spans_accepted_by_scope.@scope/"quoted"', 4);
  kept.accepted = 10;
  await metrics.text();
  const lines = (await metrics.text()).split("\n");
  expect(lines).toContain("quotel_collector_spans_received_total 3");
  expect(lines).toContain('quotel_collector_spans_rejected_total{reason="no_end_time"} 2');
  expect(lines).toContain('quotel_collector_spans_accepted_by_scope_total{scope="@scope/\\"quoted\\""} 4');
  expect(lines).toContain('quotel_collector_events_total{outcome="accepted"} 10');
  expect(lines).toContain('quotel_collector_events_total{outcome="duplicate"} 2');
});

test("a number that is not known is not shown as zero", async () => {
  const metrics = new Metrics();
  let backlog: number | null = 5;
  metrics.watch("unfolded_events", "waiting", () => backlog);
  expect(await metrics.text()).toContain("quotel_collector_unfolded_events 5");
  backlog = null;
  expect(await metrics.text()).not.toMatch(/^quotel_collector_unfolded_events /m);
});
