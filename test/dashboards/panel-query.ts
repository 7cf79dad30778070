import { generate } from "../../dashboards/generate.ts";
import type { PostgresQuery } from "../../dashboards/query.ts";

/** A panel as Grafana reads it from the generated file. */
export interface GeneratedPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets: readonly PostgresQuery[];
  readonly fieldConfig: {
    readonly defaults: { readonly unit?: string; readonly thresholds?: { readonly steps: readonly unknown[] } };
    readonly overrides: readonly { readonly matcher: { readonly id: string; readonly options: string } }[];
  };
}

interface GeneratedVariable {
  readonly name: string;
  readonly query: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

export interface GeneratedDashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly GeneratedPanel[];
  readonly templating: { readonly list?: readonly GeneratedVariable[] };
}

/** Every generated dashboard, read back from its JSON: what Grafana gets, not what the code holds. */
export function generatedDashboards(): GeneratedDashboard[] {
  return [...generate().values()].map((text) => JSON.parse(text) as GeneratedDashboard);
}

/** The panels of all dashboards, without the rows that only head them. */
export function generatedPanels(): GeneratedPanel[] {
  return generatedDashboards().flatMap(({ panels }) => panels.filter(({ type }) => type !== "row"));
}
