import type { RebuiltDay } from "#database/repair/rebuild/rebuild";
import type { TotalDrift } from "#database/repair/rebuild/compare-totals";

/** What a rebuild has found in all. */
export interface Drift {
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  readonly totals: number;
  /** The first few. */
  readonly examples: readonly string[];
}

export const NO_DRIFT: Drift = { missing: 0, extra: 0, different: 0, totals: 0, examples: [] };

const EXAMPLES_MAX = 10;

export function addDay(drift: Drift, { rollups, totals }: RebuiltDay): Drift {
  const examples = [...drift.examples, ...rollups.examples, ...totals.slice(0, EXAMPLES_MAX).map(nameOf)];
  return {
    missing: drift.missing + rollups.missing,
    extra: drift.extra + rollups.extra,
    different: drift.different + rollups.different,
    totals: drift.totals + totals.length,
    examples: examples.slice(0, EXAMPLES_MAX),
  };
}

/** A report for people. */
export function describeDrift(
  drift: Drift,
  { fromMs, toMs, dryRun }: { readonly fromMs: number; readonly toMs: number; readonly dryRun: boolean },
): string {
  const range = `${new Date(fromMs).toISOString().slice(0, 10)} until ${new Date(toMs).toISOString().slice(0, 10)}`;
  const { missing, extra, different, totals, examples } = drift;
  if (missing + extra + different + totals === 0)
    return `${range}: no drift; rollups and totals are what the ledger says`;
  return [
    `${range}: drift ${dryRun ? "found (nothing was changed)" : "found and put right"}`,
    `rollups  ${missing} missing, ${extra} that no event stands for, ${different} with other numbers`,
    `totals   ${totals} with another amount`,
    ...examples.map((example) => `  ${example}`),
  ].join("\n");
}

function nameOf({ tenantId, resource, dayStartMs, difference }: TotalDrift): string {
  const by = difference > 0 ? `+${difference}` : String(difference);
  return `${tenantId} total ${new Date(dayStartMs).toISOString()} ${resource} ${by}`;
}
