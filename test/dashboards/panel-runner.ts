import type { Pool, QueryResult } from "pg";
import { expandQuery } from "./grafana-query.ts";
import type { QueryContext } from "./grafana-query.ts";
import { generatedPanels } from "./panel-query.ts";

export type Row = Record<string, unknown>;

/** Runs what panels would run, as Grafana would. */
export class PanelRunner {
  readonly #reader: Pool;
  readonly #context: QueryContext;

  constructor(reader: Pool, context: QueryContext) {
    this.#reader = reader;
    this.#context = context;
  }

  run(rawSql: string, context: QueryContext = this.#context): Promise<QueryResult<Row>> {
    return this.#reader.query<Row>(expandQuery(rawSql, context));
  }

  /** The rows of one query of the panel with this title. */
  async rowsOf(title: string, context: QueryContext = this.#context, refId = "A"): Promise<Row[]> {
    const query = generatedPanels()
      .find((panel) => panel.title === title)
      ?.targets.find((target) => target.refId === refId);
    if (query === undefined) throw new Error(`No query ${refId} in a panel "${title}"`);
    return (await this.run(query.rawSql, context)).rows;
  }
}

/** The sum of a column; null counts as 0. */
export function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column]), 0);
}

/** The week up to `now`, with everything picked that the fixtures have. */
export function lastWeek(now: Date): QueryContext {
  return {
    from: new Date(now.getTime() - 7 * 86_400_000),
    to: new Date(now.getTime() + 60_000),
    interval: "1h",
    variables: { tenant: ["acme", "globex", "idle"], level: ["members"] },
  };
}
