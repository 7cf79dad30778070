import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { AlertRule } from "../../dashboards/alerts/alert-rule.ts";
import { alertsFile } from "../../dashboards/alerts/alerts.ts";
import { createTestDatabase } from "../database/test-database.ts";
import { recordOperation } from "./operation-fixture.ts";
import { generatedDashboards } from "./panel-query.ts";
import { recordUsage } from "./usage-fixture.ts";

const [troubled, sound] = await Promise.all([createTestDatabase(), createTestDatabase()]);
const owner = createPool({ connectionString: troubled.ownerUrl, applicationName: "test" });
const writer = createPool({ connectionString: troubled.writerUrl, applicationName: "test" });
const reader = createPool({ connectionString: troubled.readerUrl, applicationName: "test" });
const soundReader = createPool({ connectionString: sound.readerUrl, applicationName: "test" });

beforeAll(async () => {
  const now = new Date();
  await recordUsage(troubled.ownerUrl, writer, now);
  await recordOperation(owner, writer, now);
});
afterAll(() => Promise.all([owner, writer, reader, soundReader].map((pool) => pool.end())));
afterAll(troubled.drop);
afterAll(sound.drop);

/** The rules as Grafana reads them from the file. */
function rules(): AlertRule[] {
  const file: { groups: { rules: AlertRule[] }[] } = JSON.parse(alertsFile());
  return file.groups.flatMap((group) => group.rules);
}

/** Labels of each instance of a rule that fires: of a row, the texts are its labels and the number is compared. */
async function firing(on: Pool, { uid, data: [query, threshold] }: AlertRule): Promise<unknown[]> {
  const { rows } = await on.query<Record<string, string | number>>(query.model.rawSql);
  const { type, params } = threshold.model.conditions[0].evaluator;
  return rows.flatMap((row) => {
    const numbers = Object.values(row).filter((value) => typeof value === "number");
    expect(numbers, uid).toHaveLength(1);
    const fires = type === "gt" ? numbers[0]! > params[0] : numbers[0]! < params[0];
    return fires ? [Object.fromEntries(Object.entries(row).filter(([, value]) => typeof value === "string"))] : [];
  });
}

async function allFiring(on: Pool): Promise<Map<string, unknown[]>> {
  const found = new Map<string, unknown[]>();
  for (const rule of rules()) {
    const instances = await firing(on, rule);
    if (instances.length > 0) found.set(rule.uid, instances);
  }
  return found;
}

test("a pipeline in trouble fires the alerts of its troubles, each labelled with what it is about", async () => {
  expect(await allFiring(reader)).toEqual(
    new Map([
      ["quotel-invariant-violations", [{ kind: "rollup_drift" }]],
      ["quotel-records-lost", [{ service: "worker", producer: "ingest" }]],
      ["quotel-records-damaged", [{ what: "damaged" }]],
      ["quotel-decided-alone", [{ how: "fail open" }]],
      ["quotel-intake-lag", [{}]],
      ["quotel-quarantine-growth", expect.arrayContaining([{ reason: "no_end_time" }, { reason: "invalid_amount" }])],
      ["quotel-foreign-claims", [{ producer: "acme-key" }]],
    ]),
  );
});

test("a new installation fires one alert: that no collector is running yet", async () => {
  expect([...(await allFiring(soundReader)).keys()]).toEqual(["quotel-no-collector"]);
});

test("events that wait for more than two minutes to be folded fire, others do not", async () => {
  const unfolded = rules().find(({ uid }) => uid === "quotel-unfolded")!;
  const waitFor = (age: string) =>
    owner.query(
      `insert into quotel.unfolded_batches (first_day, last_day, events, opened_at)
       values (current_date, current_date, 5, now() - $1::interval)`,
      [age],
    );
  await waitFor("1 minute");
  expect(await firing(reader, unfolded)).toEqual([]);
  await waitFor("3 minutes");
  expect(await firing(reader, unfolded)).toEqual([{}]);
});

test("every rule has an identity, tells whoever reads it what to do, and names a dashboard that exists", () => {
  const dashboards = generatedDashboards().map(({ uid }) => uid);
  expect(new Set(rules().map(({ uid }) => uid)).size).toBe(rules().length);
  for (const { uid, annotations, dashboardUid, for: lasting } of rules()) {
    // Grafana takes at most 40 characters.
    expect(uid).toMatch(/^quotel-[a-z-]{1,33}$/);
    expect(annotations.summary, uid).toMatch(/\.$/);
    expect(dashboards, uid).toContain(dashboardUid);
    expect(lasting, uid).toMatch(/^\d+m$/);
  }
});

test("labels that a summary names are columns of its query, and nothing in the file looks like a variable to Grafana", async () => {
  expect(alertsFile()).not.toContain("$");
  for (const { uid, annotations, data } of rules()) {
    const { fields } = await reader.query(data[0].model.rawSql);
    const named = [...annotations.summary.matchAll(/\{\{ \.Labels\.(\w+) \}\}/g)].map(([, label]) => label);
    expect(
      fields.map(({ name }) => name),
      uid,
    ).toEqual(expect.arrayContaining(named));
  }
});
