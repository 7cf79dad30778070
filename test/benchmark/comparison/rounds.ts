/** The middle of some figures (the upper one of two): one round on a busy machine does not move it. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that the fraction `q` of the values does not exceed; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}

/**
 * Runs some contenders side by side: every round runs each of them once, one after the other, so that whatever else the
 * machine does slows them alike. Warm-up rounds are run and forgotten.
 *
 * @returns each contender's results, in the order of the rounds
 */
export async function sideBySide<Name extends string, Result>(
  contenders: Readonly<Record<Name, (round: number) => Promise<Result>>>,
  rounds: { readonly warmUp: number; readonly counted: number },
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Result[]>;
  for (let round = -rounds.warmUp; round < rounds.counted; round++) {
    for (const name of names) {
      const result = await contenders[name](round + rounds.warmUp);
      if (round >= 0) results[name].push(result);
    }
  }
  return results;
}

/** Smallest and largest, as text. */
export function spread(values: readonly number[]): string {
  return `${Math.round(Math.min(...values))}..${Math.round(Math.max(...values))}`;
}
