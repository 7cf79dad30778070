/** `npm run quarantine`: looks at what was sent and is not counted, tries it again, discards it. */
import { parseArgs } from "node:util";
import type { Pool } from "pg";
import { runAsOperator } from "#database/operator/run-as-operator";
import { readOverrides } from "#database/prices/read-overrides";
import { countQuarantine } from "#database/quarantine/count-quarantine";
import { readQuarantine } from "#database/quarantine/read-quarantine";
import type { Quarantined, QuarantineFilter } from "#database/quarantine/read-quarantine";
import { resolveQuarantined } from "#database/quarantine/resolve-quarantined";
import { readConfig, type CollectorConfig } from "../../config.ts";
import { PriceOverrides } from "../../price/overrides/price-overrides.ts";
import { createPrice } from "../../price/price.ts";
import { showProgress, type Progress } from "../progress.ts";
import { Attribution } from "../../record/attribution.ts";
import { replay } from "./replay.ts";
import { neverReason } from "./try-again.ts";

const USAGE = `Usage:
  npm run quarantine -- list [--reason R] [--tenant T] [--limit N]     the youngest first; 50 unless told
  npm run quarantine -- show ID
  npm run quarantine -- replay [--reason R | --id ID]                  tries again, under today's rules
  npm run quarantine -- discard ID --reason TEXT`;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const LIMIT_MAX = 10_000;

async function list(pool: Pool, filter: QuarantineFilter, limit: number): Promise<number> {
  console.table(await countQuarantine(pool));
  const items = await readQuarantine(pool, filter, limit);
  console.table(
    items.map((item) => ({
      id: item.quarantineId,
      received: new Date(item.receivedAtMs).toISOString(),
      signal: item.signal,
      reason: item.reason,
      tenant: item.tenantId,
      producer: item.producerId,
      replay: replayOf(item),
      trace: item.traceId ?? "",
    })),
  );
  return 0;
}

/** Whether trying it again can help, for people. */
function replayOf(item: Quarantined): string {
  const never = neverReason(item);
  return never === null ? "possible" : `never: ${never}`;
}

async function show(pool: Pool, quarantineId: string): Promise<number> {
  const [item] = await readQuarantine(pool, { quarantineId, resolved: true }, 1);
  if (item === undefined) return missing(quarantineId);
  console.log(JSON.stringify(item, null, 2));
  return 0;
}

async function discard(pool: Pool, quarantineId: string, reason: string): Promise<number> {
  return (await resolveQuarantined(pool, quarantineId, { kind: "discarded", reason })) ? 0 : missing(quarantineId);
}

function missing(quarantineId: string): number {
  console.error(`nothing waits in quarantine as ${quarantineId}`);
  return 1;
}

async function retry(
  pool: Pool,
  which: { readonly quarantineId: string | null; readonly reason: string | null },
  { defaultPlan, tenantAttributes }: Pick<CollectorConfig, "defaultPlan" | "tenantAttributes">,
): Promise<number> {
  let bar: Progress | undefined;
  const price = createPrice(new PriceOverrides(await readOverrides(pool)));
  const parts = { pool, attribution: new Attribution(pool, defaultPlan), price, tenantAttributes, now: Date.now };
  const { recorded, stay } = await replay(parts, which, (done, total) => {
    bar ??= showProgress(process.stderr, "items");
    bar.update(done, total);
  }).finally(() => bar?.stop());
  console.log(`${recorded} items count now`);
  if (stay.total() > 0) console.log(stay.said("stay in quarantine"));
  return 0;
}

process.exitCode = await runAsOperator("quotel-quarantine", process.env, process.argv.slice(2), (args, env) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      reason: { type: "string" },
      tenant: { type: "string" },
      limit: { type: "string", default: "50" },
      id: { type: "string" },
    },
  });
  const [command, argument, ...rest] = positionals;
  const { reason, tenant: tenantId, id = argument } = values;
  if (rest.length > 0) return USAGE;
  if (id !== undefined && !UUID.test(id)) return `"${id}" is no id of an item`;
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) return `--limit must be from 1 to ${LIMIT_MAX}`;
  if (command === "list") return (pool) => list(pool, { reason, tenantId }, limit);
  if (command === "show" && id !== undefined) return (pool) => show(pool, id);
  if (command === "discard" && id !== undefined && reason?.trim()) return (pool) => discard(pool, id, reason);
  if (command !== "replay" || (id !== undefined && reason !== undefined)) return USAGE;
  const read = readConfig(env);
  if (read.kind === "invalid") return read.problems.join("\n");
  return (pool) => retry(pool, { quarantineId: id ?? null, reason: reason ?? null }, read.config);
});
