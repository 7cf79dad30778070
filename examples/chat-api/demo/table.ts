import type { TenantVerdict, Verdict } from "./verdict.ts";

const COLUMNS: readonly { readonly title: string; readonly cell: (row: TenantVerdict) => string }[] = [
  { title: "tenant", cell: (row) => row.tenantId },
  { title: "plan", cell: (row) => row.plan },
  { title: "calls", cell: (row) => integer(row.calls) },
  { title: "provider reported", cell: (row) => integer(row.providerTokens) },
  { title: "ledger", cell: (row) => integer(row.ledgerTokens) },
  {
    title: "partial / estimated",
    cell: (row) => [row.partialTokens, row.estimatedTokens].map(integer).join(" / "),
  },
  { title: "unreported", cell: (row) => integer(row.unreportedTokens) },
  { title: "calls without usage", cell: (row) => integer(row.callsWithoutUsage) },
  { title: "cost USD", cell: (row) => (Number(row.costNanoUsd) / 1e9).toFixed(6) },
  { title: "denials", cell: (row) => integer(row.denied) },
];
const TEXT_COLUMNS = 2;

/** The verdict as text: one row per tenant, then the three promises and whether they were kept. */
export function formatVerdict(verdict: Verdict): string {
  const rows = [
    COLUMNS.map(({ title }) => title),
    ...verdict.tenants.map((row) => COLUMNS.map(({ cell }) => cell(row))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < TEXT_COLUMNS ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return ["Tokens and calls per tenant", "", ...lines, "", ...promises(verdict)].join("\n");
}

function promises(verdict: Verdict): readonly string[] {
  const { conserved, overAdmitted, underAdmitted, denied, providerTokens, ledgerTokens, durationMs } = verdict;
  return [
    line(
      conserved,
      `reported = ledger for every tenant (${integer(providerTokens)} = ${integer(ledgerTokens)} tokens)`,
    ),
    line(overAdmitted === 0, `no tenant passed a hard limit (${integer(overAdmitted)} over)`),
    line(
      underAdmitted === 0,
      `nobody was denied what fitted (${integer(underAdmitted)} of ${integer(denied)} denials)`,
    ),
    line(denied > 0, "the trial tenant ran into its limit"),
    `took ${(durationMs / 1000).toFixed(1)} s`,
  ];
}

function line(kept: boolean, promise: string): string {
  return `${kept ? "ok    " : "FAILED"}  ${promise}`;
}

function integer(value: number): string {
  return value.toLocaleString("en-US");
}
