import { parseArgs } from "node:util";
import { TENANT_ID_PATTERN } from "@quotel/conventions";
import { INSTANT, instantOf } from "./instant.ts";

/** What `--from ISO --to ISO [--tenant ID] [--dry-run]` asks for. */
export interface RepairRange {
  /** [fromMs, toMs), Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Null = all. */
  readonly tenantId: string | null;
  readonly dryRun: boolean;
}

export type RangeResult =
  | { readonly kind: "range"; readonly range: RepairRange }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** Reads the command line, purely; names every problem. */
export function readRange(args: readonly string[], nowMs: number): RangeResult {
  let values: { from?: string; to?: string; tenant?: string; "dry-run"?: boolean };
  try {
    values = parseArgs({
      args: [...args],
      options: {
        from: { type: "string" },
        to: { type: "string" },
        tenant: { type: "string" },
        "dry-run": { type: "boolean" },
      },
    }).values;
  } catch (error) {
    return { kind: "invalid", problems: [error instanceof Error ? error.message : String(error)] };
  }
  const problems: string[] = [];
  const instant = (name: "from" | "to"): number => {
    const text = values[name];
    const ms = text === undefined ? null : instantOf(text, nowMs);
    if (ms !== null) return ms;
    problems.push(`--${name} must be ${INSTANT}`);
    return Number.NaN;
  };
  const [fromMs, toMs] = [instant("from"), instant("to")];
  if (fromMs >= toMs) problems.push("--from must be before --to");
  const tenantId = values.tenant ?? null;
  if (tenantId !== null && !TENANT_ID_PATTERN.test(tenantId)) problems.push("--tenant is no tenant id");
  return problems.length > 0
    ? { kind: "invalid", problems }
    : { kind: "range", range: { fromMs, toMs, tenantId, dryRun: values["dry-run"] ?? false } };
}
