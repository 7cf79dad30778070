import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { alertsFile } from "../../dashboards/alerts/alerts.ts";
import { generate } from "../../dashboards/generate.ts";
import { generatedDashboards, generatedPanels } from "./panel-query.ts";

const room = join(import.meta.dirname, "../../dashboards");

interface DataSources {
  readonly datasources: readonly { readonly uid: string; readonly type: string }[];
}

test("the committed dashboards and alerts are what the code makes, and nothing else lies beside them", async () => {
  const files = generate();
  expect((await readdir(join(room, "generated"))).sort()).toEqual([...files.keys()].sort());
  for (const [name, text] of files) expect(await readFile(join(room, "generated", name), "utf8"), name).toBe(text);
  expect(await readdir(join(room, "provisioning/alerting"))).toEqual(["quotel.json"]);
  expect(await readFile(join(room, "provisioning/alerting/quotel.json"), "utf8")).toBe(alertsFile());
});

test("every panel, query and variable names a data source that is provisioned", async () => {
  const text = await readFile(join(room, "provisioning/datasources/quotel.yaml"), "utf8");
  const provisioned = (parse(text) as DataSources).datasources.map(({ type, uid }) => ({ type, uid }));
  const panels = generatedPanels();
  const variables = generatedDashboards().flatMap(({ templating }) => templating.list ?? []);
  expect(panels.length).toBeGreaterThan(0);
  for (const { title, datasource, targets } of panels) {
    expect(targets, title).not.toEqual([]);
    for (const named of [datasource, ...targets.map((target) => target.datasource)]) {
      expect(provisioned, title).toContainEqual(named);
    }
  }
  for (const { name, datasource } of variables) expect(provisioned, name).toContainEqual(datasource);
});

test("every panel says what it shows, in which unit, and from where it is a concern", () => {
  for (const { title, description, fieldConfig } of generatedPanels()) {
    expect(description, title).toMatch(/\w{3}.*[.;]/);
    expect(fieldConfig.defaults.unit, title).toBeDefined();
    expect(fieldConfig.defaults.thresholds?.steps, title).not.toHaveLength(0);
  }
});

test("panel ids and query letters are unique within their dashboard and panel", () => {
  for (const { panels } of generatedDashboards()) {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { title, targets = [] } of panels) {
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    }
  }
});
