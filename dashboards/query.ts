import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";

/** The data source of provisioning/datasources/quotel.yaml: Postgres, as quotel_reader. */
export const POSTGRES = { type: "grafana-postgresql-datasource", uid: "quotel-postgres" } as const;

/** `time_series` wants a column `time`, ascending; a text column `metric` then names the series. */
export type QueryFormat = "table" | "time_series";

/** What Grafana's Postgres data source takes as a query, in panels and in alert rules alike. */
export interface PostgresQuery extends Dataquery {
  readonly refId: string;
  readonly datasource: typeof POSTGRES;
  readonly format: QueryFormat;
  readonly rawSql: string;
  readonly rawQuery: true;
  readonly editorMode: "code";
}

/** Builds one query on the views of the SQL contract. The SDK has no builder for Postgres, hence ours. */
export class PostgresQueryBuilder implements Builder<PostgresQuery> {
  readonly #format: QueryFormat;
  readonly #sql: string;
  #refId = "A";

  /** The SQL may be indented like the code around it: what all its lines share is cut off. */
  constructor(format: QueryFormat, sql: string) {
    this.#format = format;
    this.#sql = dedent(sql);
  }

  /** Tells the queries of one panel apart. Default `A`. */
  refId(refId: string): this {
    this.#refId = refId;
    return this;
  }

  build(): PostgresQuery {
    return {
      refId: this.#refId,
      datasource: POSTGRES,
      format: this.#format,
      rawSql: this.#sql,
      rawQuery: true,
      editorMode: "code",
      // Marks the type for the SDK; functions do not reach the JSON.
      _implementsDataqueryVariant() {},
    };
  }
}

export function table(sql: string): PostgresQueryBuilder {
  return new PostgresQueryBuilder("table", sql);
}

export function timeSeries(sql: string): PostgresQueryBuilder {
  return new PostgresQueryBuilder("time_series", sql);
}

function dedent(sql: string): string {
  const lines = sql.split("\n").map((line) => line.trimEnd());
  const indents = lines.filter((line) => line !== "").map((line) => line.length - line.trimStart().length);
  const shared = Math.min(...indents);
  return lines
    .map((line) => line.slice(shared))
    .join("\n")
    .trim();
}
