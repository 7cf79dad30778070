import { afterAll, afterEach, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { MetricPoint } from "#database/levels/metric-point";
import { createLevelRecorder } from "../../../collector/record/level-recorder.ts";
import { storedUsage } from "../../database/levels/level-oracle.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { sampleOf, streamOf } from "./sample-of.ts";

const PRODUCER = { keyId: "test", tenants: null };
const quiet = { warn: () => {}, error: () => {} };

const database = await createTestDatabase();
afterAll(database.drop);
const owner = createPool({ connectionString: database.ownerUrl, applicationName: "owner" });
afterAll(() => owner.end());
await owner.query("select quotel.ensure_event_partitions(current_date - 1, current_date + 1)");
const recorders = [1, 2].map((n) => {
  const pool = createPool({ connectionString: database.writerUrl, applicationName: `collector-${n}`, max: 4 });
  const recorder = createLevelRecorder({ pool, defaultPlan: "trial", log: quiet });
  afterAll(async () => {
    await recorder.close();
    await pool.end();
  });
  return recorder;
});

afterEach(() =>
  owner.query(`truncate quotel.metric_points, quotel.levels, quotel.level_days, quotel.counters, quotel.quarantine,
    quotel.usage_events, quotel.unfolded_batches, quotel.day_totals`),
);

/** Records at two collectors at once, and returns what each said it refused. */
async function refusals(requests: readonly (readonly MetricPoint[])[]): Promise<string[]> {
  const outcomes = await Promise.all(
    requests.map((points, index) => recorders[index % recorders.length]!.record(points, PRODUCER)),
  );
  return outcomes.map((outcome) => (outcome.kind === "committed" ? outcome.refused.said("refused") : outcome.kind));
}

test("levels of custom resources beyond the tenant's cap are set aside with their reason, also where two collectors are asked at once, and the others stay exact", async () => {
  const names = Array.from({ length: 105 }, (_, n) => `held_${String(n).padStart(3, "0")}`);
  const samples = (minutesAgo: number, value: number): MetricPoint[] =>
    names.map((resource, n) =>
      sampleOf(minutesAgo, value, { tenantId: "hoarder", stream: streamOf(n + 10), resource }),
    );
  const builtIn = sampleOf(1, 4, { tenantId: "hoarder" });
  expect(await refusals([samples(2, 3), samples(1, 8), [builtIn]])).toEqual([
    "refused: too_many_resources (5)",
    "refused: too_many_resources (5)",
    "",
  ]);
  const stored = await owner.query(
    `select resource like 'held%' as custom, count(*), min(value), max(value) from public.usage_levels
     where tenant_id = 'hoarder' group by 1 order by 1`,
  );
  expect(stored.rows).toEqual([
    { custom: false, count: 1, min: 4, max: 4 },
    { custom: true, count: 100, min: 8, max: 8 },
  ]);
  const aside = await owner.query(
    `select reason, count(*), count(distinct payload ->> 'resource') as resources from quotel.quarantine
     where tenant_id = 'hoarder' group by 1`,
  );
  expect(aside.rows).toEqual([{ reason: "too_many_resources", count: 10, resources: 5 }]);
});

test("usage of counters of custom resources beyond the tenant's cap counts as __other__, sums preserved, by their names in the ledger, also when it comes again", async () => {
  const names = Array.from({ length: 103 }, (_, n) => `custom_${String(n).padStart(3, "0")}`);
  const points = [2, 1].flatMap((minutesAgo) =>
    names.map((resource, n) =>
      sampleOf(minutesAgo, 10 + n + (2 - minutesAgo), {
        tenantId: "inventive",
        kind: "counter",
        startedAtMicros: 5_000_000,
        stream: streamOf(n),
        resource,
      }),
    ),
  );
  expect(await refusals([points])).toEqual([""]);
  expect(await refusals([points, points.toReversed()])).toEqual(["", ""]);
  const usage = await storedUsage(owner);
  expect(usage.size).toBe(101);
  expect(usage.get("inventive custom_000")).toBe(11);
  expect(usage.get("inventive __other__")).toBe(111 + 112 + 113);
  const { rows } = await owner.query(
    "select distinct detail ->> 'resource' as name from quotel.usage_events where resource = '__other__' order by 1",
  );
  expect(rows).toEqual(names.slice(100).map((name) => ({ name })));
});
