import { parseArgs } from "node:util";
import { TENANT_ID_PATTERN, UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { UnattributedFilter } from "#database/attribution/reattribute/unattributed-filter";
import { INSTANT, instantOf } from "../instant.ts";

export interface ReattributeRequest {
  readonly tenantId: string;
  readonly filter: UnattributedFilter;
  readonly dryRun: boolean;
}

export const USAGE = `Usage: npm run reattribute -- --to TENANT [--from TIME] [--until TIME] [--where KEY=VALUE]... [--dry-run]
  Gives usage that was recorded for nobody ("unattributed") to a tenant.
  --from, --until: by the end of the work: ${INSTANT}; until is exclusive.
  --where: what an event must say: claimed_tenant=NAME (the tenant it named when there was none of that name), or
      producer, provider, model, user_id, route, event_type, or any other entry of its detail.
  --dry-run: only say how much it would be.`;

/** What the arguments ask for, or what is wrong with them. */
export function readRequest(args: readonly string[], nowMs: number): ReattributeRequest | string {
  const { values } = parseArgs({
    args: [...args],
    options: {
      to: { type: "string" },
      from: { type: "string" },
      until: { type: "string" },
      where: { type: "string", multiple: true },
      "dry-run": { type: "boolean" },
    },
  });
  const { to: tenantId, from, until, where = [] } = values;
  if (tenantId === undefined || !TENANT_ID_PATTERN.test(tenantId) || tenantId === UNATTRIBUTED_TENANT) {
    return `--to must name a tenant\n\n${USAGE}`;
  }
  const fromMs = from === undefined ? -Infinity : instantOf(from, nowMs);
  const untilMs = until === undefined ? Infinity : instantOf(until, nowMs);
  if (fromMs === null || untilMs === null) return `--from and --until must be ${INSTANT}`;
  const wrong = where.find((entry) => !/^[^=]+=/.test(entry));
  if (wrong !== undefined) return `--where ${wrong}: KEY=VALUE expected`;
  const entries = where.map((entry): [string, string] => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
  return {
    tenantId,
    filter: { fromMs, untilMs, where: Object.fromEntries(entries) },
    dryRun: values["dry-run"] ?? false,
  };
}
