/** What a ratio has to be: most rows want to be large, latencies want to be small. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** Ours beside a baseline, measured in the same run. */
export interface BenchmarkRow {
  readonly id: string;
  readonly unit: string;
  readonly value: number;
  readonly baseline: number;
  readonly goal: Goal;
}

/** What one measurement brings. Notes are printed below the table and are not in the JSON. */
export interface Outcome {
  readonly rows: readonly BenchmarkRow[];
  readonly notes: readonly string[];
}

/** Ours by the baseline. */
export function ratioOf({ value, baseline }: BenchmarkRow): number {
  return value / baseline;
}

export function isMet(row: BenchmarkRow): boolean {
  return "atLeast" in row.goal ? ratioOf(row) >= row.goal.atLeast : ratioOf(row) <= row.goal.atMost;
}

/** The rows as `--json` writes them: a goal is its number. */
export function jsonOf(rows: readonly BenchmarkRow[]): string {
  const plain = rows.map((row) => {
    const { id, unit, value, baseline, goal } = row;
    return { id, unit, value, baseline, ratio: ratioOf(row), goal: "atLeast" in goal ? goal.atLeast : goal.atMost };
  });
  return `${JSON.stringify(plain, null, 2)}\n`;
}
