import { isMet, ratioOf } from "./row.ts";
import type { BenchmarkRow, Goal } from "./row.ts";

const HEAD = ["id", "what", "unit", "value", "baseline", "ratio", "goal", "met?"];

/** The rows as an aligned text table. `what` says what each compares. */
export function tableOf(rows: readonly BenchmarkRow[], what: Readonly<Record<string, string>>): string {
  const cells = rows.map((row) => [
    row.id,
    what[row.id] ?? "",
    row.unit,
    String(row.value),
    String(row.baseline),
    `${ratioOf(row).toFixed(2)}x`,
    goalText(row.goal),
    isMet(row) ? "yes" : "no",
  ]);
  const widths = HEAD.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]!.length)));
  const lineOf = (row: readonly string[]): string =>
    row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ");
  return [lineOf(HEAD), widths.map((width) => "-".repeat(width)).join("  "), ...cells.map(lineOf)].join("\n");
}

function goalText(goal: Goal): string {
  return "atLeast" in goal ? `>= ${goal.atLeast}x` : `<= ${goal.atMost}x`;
}
