import fc from "fast-check";
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { reportInstance } from "#database/health/report-instance";
import { createPool } from "#database/pool";
import { recordEvents } from "#database/record/record-events";
import type { UsageEvent } from "#database/record/usage-event";
import { foldRollups } from "#database/rollups/fold";
import { inTransaction } from "#database/transaction";
import { arbitraryEvent } from "../record/arbitrary-event.ts";
import { openDatabase } from "../open-database.ts";

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const { database, owner, writer, reader } = await openDatabase(version);
  await owner.query("select quotel.ensure_event_partitions(current_date - 5, current_date + 1)");

  /** As a panel reads it: by name, or by name and label. */
  async function health(): Promise<Map<string, number>> {
    const { rows } = await reader.query<{ key: string; value: number }>(
      "select concat_ws('.', name, label) as key, value from public.pipeline_health",
    );
    return new Map(rows.map(({ key, value }) => [key, value]));
  }

  async function deliver(events: readonly UsageEvent[]): Promise<void> {
    const received = events.map((event) => ({ event, producerId: "ingest", receivedAtMicros: Date.now() * 1000 }));
    await inTransaction(writer, (client) => recordEvents(client, received));
  }

  test("the intake of the last hour is that of the ledger, each event once, folded or not", async () => {
    const events = fc.uniqueArray(arbitraryEvent(Date.now() * 1000), {
      minLength: 1,
      maxLength: 40,
      selector: (event) => event.traceId,
    });
    const all: UsageEvent[] = [];
    await fc.assert(
      fc.asyncProperty(events, fc.boolean(), async (batch, fold) => {
        all.push(...batch);
        await deliver(batch);
        await deliver(batch);
        if (fold) await foldRollups(writer);
        const now = await health();
        const count = (matches: (event: UsageEvent) => boolean): number => all.filter(matches).length;
        const isModel = (event: UsageEvent): boolean => event.usageSource !== null;
        expect(now.get("events_last_hour")).toBe(all.length);
        const { rows } = await reader.query("select sum(events)::int as events from public.pipeline_intake");
        expect(rows).toEqual([{ events: all.length }]);
        expect(now.get("unattributed_last_hour")).toBe(count(({ tenantId }) => tenantId === "unattributed"));
        expect(now.get("unattributed_share")).toBeCloseTo(
          count(({ tenantId }) => tenantId === "unattributed") / all.length,
        );
        expect(now.get("model_events_last_hour")).toBe(count(isModel));
        expect(now.get("estimated_last_hour")).toBe(
          count(({ usageSource }) => usageSource === "partial" || usageSource === "estimated"),
        );
        expect(now.get("unpriced_last_hour")).toBe(
          count((event) => event.costNanoUsd === null && (event.inputTokens ?? 0) + (event.outputTokens ?? 0) > 0),
        );
        expect(now.get("newest_event_age_seconds")).toBeLessThan(
          (Date.now() + 5_000) / 1000 - Math.max(...all.map((event) => event.endedAtMicros)) / 1e6,
        );
      }),
      { numRuns: 25 },
    );
  });

  test("the backlog is what waits to be folded, and gone when it is", async () => {
    await foldRollups(writer);
    const idle = await health();
    expect(idle.get("unfolded_events")).toBe(0);
    expect(idle.has("oldest_unfolded_age_seconds")).toBe(false);
    await deliver(fc.sample(arbitraryEvent(Date.now() * 1000), { numRuns: 7, seed: 1 }));
    await owner.query("update quotel.unfolded_batches set opened_at = now() - interval '90 seconds'");
    const waiting = await health();
    expect(waiting.get("unfolded_events")).toBe(7);
    expect(waiting.get("oldest_unfolded_age_seconds")).toBeGreaterThanOrEqual(90);
  });

  test("what running collectors have counted is summed by name and label, and what a dead one had counted is not", async () => {
    const startedAt = new Date();
    const instance = () => ({ instanceId: randomUUID(), host: "a", startedAt });
    const [first, second, dead] = [instance(), instance(), instance()];
    await reportInstance(writer, first, { spans_received: 1, "spans_rejected.no_end_time": 9 });
    await reportInstance(writer, first, { spans_received: 10, "spans_rejected.no_end_time": 9 });
    await reportInstance(writer, second, {
      spans_received: 5,
      "spans_accepted_by_scope.@opentelemetry/instrumentation-http": 4,
    });
    await reportInstance(writer, dead, { spans_received: 1_000 });
    await owner.query(
      "update quotel.collector_instances set seen_at = now() - interval '61 seconds' where instance_id = $1",
      [dead.instanceId],
    );
    const { rows } = await reader.query(
      `select name, label, value from public.pipeline_health
       where name like 'spans_%' or name = 'collectors_running' order by name`,
    );
    expect(rows).toEqual([
      { name: "collectors_running", label: null, value: 2 },
      { name: "spans_accepted_by_scope", label: "@opentelemetry/instrumentation-http", value: 4 },
      { name: "spans_received", label: null, value: 15 },
      { name: "spans_rejected", label: "no_end_time", value: 9 },
    ]);
  });

  test("batches and commits are shown as means over all collectors, and the ledger's days by how far they reach", async () => {
    const instance = () => ({ instanceId: randomUUID(), host: "b", startedAt: new Date() });
    await reportInstance(writer, instance(), {
      "commits.traces": 1,
      "committed_items.traces": 50,
      "commit_ms.traces": 100,
      "commits.logs": 1,
      "committed_items.logs": 2,
      "commit_ms.logs": 50,
    });
    await reportInstance(writer, instance(), {
      "commits.traces": 3,
      "committed_items.traces": 10,
      "commit_ms.traces": 300,
    });
    const now = await health();
    expect(now.get("mean_batch_items.traces")).toBe(15);
    expect(now.get("mean_batch_items.logs")).toBe(2);
    expect(now.get("mean_commit_seconds.traces")).toBe(0.1);
    expect(now.get("mean_commit_seconds.logs")).toBe(0.05);
    expect(now.get("ledger_oldest_day_age")).toBe(5);
    expect(now.get("ledger_days_ahead")).toBe(1);
  });

  test("I13: tenants see nothing of the pipeline", async () => {
    const tenant = createPool({ connectionString: database.tenantUrl, applicationName: "tenant" });
    const views = [
      "pipeline_health",
      "pipeline_intake",
      "producer_completeness",
      "producer_reports",
      "invariant_violations",
    ];
    for (const view of views) {
      await expect(tenant.query(`select * from public.${view}`)).rejects.toMatchObject({ code: "42501" });
    }
    await tenant.end();
  });
});
