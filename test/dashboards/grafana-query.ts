/** What Grafana does to a query's text before Postgres sees it, so that a test can run what a panel would run. */

export interface QueryContext {
  readonly from: Date;
  readonly to: Date;
  /** `$__interval`, e.g. `1h`. */
  readonly interval: string;
  /** Picked values of the dashboard's variables. */
  readonly variables: Readonly<Record<string, readonly string[]>>;
}

/** Expands variables, then macros. Throws where something is left that Grafana would hand to Postgres as it is. */
export function expandQuery(rawSql: string, context: QueryContext): string {
  const filled = rawSql
    .replaceAll(/\$\{(\w+):(\w+)\}/g, (_text, name: string, format: string) => variable(name, format, context))
    .replaceAll(/\$__interval\b/g, context.interval);
  // As in Grafana, an argument cannot contain a bracket.
  const sql = filled.replaceAll(/\$(\w+)\(([^)]*)\)/g, (_text, name: string, args: string) =>
    macro(
      name,
      args.split(",").map((arg) => arg.trim()),
      context,
    ),
  );
  const left = /\$[\w{][^\s,)]*/.exec(sql);
  if (left !== null) throw new Error(`Grafana does not expand ${left[0]}`);
  return sql;
}

function variable(name: string, format: string, { variables }: QueryContext): string {
  const values = variables[name];
  if (values === undefined) throw new Error(`The dashboard has no variable ${name}`);
  if (format !== "sqlstring") throw new Error(`Variable ${name}: format ${format} is not safe in SQL`);
  return values.map((value) => `'${value.replaceAll("'", "''")}'`).join(",");
}

function macro(name: string, args: readonly string[], { from, to }: QueryContext): string {
  const [column = "", interval = ""] = args;
  switch (name) {
    case "__timeFilter":
      return `${column} BETWEEN '${from.toISOString()}' AND '${to.toISOString()}'`;
    case "__timeFrom":
      return `'${from.toISOString()}'`;
    case "__timeTo":
      return `'${to.toISOString()}'`;
    case "__timeGroup": {
      const seconds = secondsOf(interval);
      return `floor(extract(epoch from ${column})/${seconds})*${seconds}`;
    }
    case "__timeGroupAlias":
      return `${macro("__timeGroup", args, { from, to, interval: "", variables: {} })} AS "time"`;
    default:
      throw new Error(`Grafana has no macro $${name}`);
  }
}

function secondsOf(interval: string): number {
  const match = /^'?(\d+)([smhd])'?$/.exec(interval);
  if (match === null) throw new Error(`${interval} is not an interval`);
  return Number(match[1]) * { s: 1, m: 60, h: 3_600, d: 86_400 }[match[2] as "s" | "m" | "h" | "d"];
}
