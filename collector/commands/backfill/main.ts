/** `npm run backfill`: records usage out of files, however old it is; lists what was, and takes it back. */
import { parseArgs } from "node:util";
import type { Pool } from "pg";
import { endBackfill } from "#database/backfill/end-backfill";
import { listBackfills } from "#database/backfill/list-backfills";
import { findKeyById } from "#database/keys/find-key";
import { runAsOperator } from "#database/operator/run-as-operator";
import { readOverrides } from "#database/prices/read-overrides";
import { readConfig, type CollectorConfig } from "../../config.ts";
import { PriceOverrides } from "../../price/overrides/price-overrides.ts";
import { createPrice } from "../../price/price.ts";
import { showProgress, type Progress } from "../progress.ts";
import { backfill } from "./backfill.ts";
import { revert } from "./revert.ts";

const USAGE = `Usage:
  npm run backfill -- FILE [--key NAME] [--dry-run]
      FILE: OTLP JSON lines, one ExportTraceServiceRequest a line, as the OpenTelemetry Collector's file exporter writes.
      --key: the ingest key whose tenants and scopes apply; without it any tenant and the default rules.
  npm run backfill -- --list
  npm run backfill -- --revert ID     takes back exactly what the run added
  npm run backfill -- --close ID      gives up its ledger rows: it counts for good, and retention may drop them`;

interface RunRequest extends Pick<CollectorConfig, "defaultPlan" | "tenantAttributes"> {
  readonly file: string;
  readonly key: string | null;
  readonly dryRun: boolean;
}

async function run(pool: Pool, { key, ...request }: RunRequest): Promise<number> {
  const producer = key === null ? { keyId: "backfill", tenants: null } : await findKeyById(pool, key);
  if (producer === null) {
    console.error(`there is no key "${key}"`);
    return 1;
  }
  const price = createPrice(new PriceOverrides(await readOverrides(pool)));
  const report = await withBar("bytes", (onProgress) => backfill({ pool, ...request, producer, price, onProgress }));
  console.log(`${report.events} usage events in ${request.file}`);
  if (report.backfillId !== null) {
    console.log(`backfill ${report.backfillId}: ${report.accepted} added, ${report.duplicate} known already`);
  }
  if (report.leftOut.total() > 0) console.log(report.leftOut.said("left out"));
  if (report.badLine !== null) {
    console.error(`line ${report.badLine.line} is not an OTLP trace request: ${report.badLine.message}`);
  }
  if (report.isEnded) console.error("the run was ended by somebody who reverts it");
  return report.badLine === null && !report.isEnded ? 0 : 1;
}

async function list(pool: Pool): Promise<number> {
  const runs = await listBackfills(pool);
  console.table(
    runs.map((it) => ({
      id: it.backfillId,
      file: it.fileName,
      started: new Date(it.startedAtMs).toISOString(),
      days: it.firstDay === null ? "" : `${it.firstDay} to ${it.lastDay}`,
      events: it.events,
      state: stateOf(it.revertedAtMs, it.closedAtMs, it.finishedAtMs),
    })),
  );
  return 0;
}

function stateOf(revertedAtMs: number | null, closedAtMs: number | null, finishedAtMs: number | null): string {
  if (revertedAtMs !== null) return "reverted";
  if (closedAtMs !== null) return "closed";
  return finishedAtMs === null ? "running or broken off" : "open";
}

async function takeBack(pool: Pool, backfillId: string): Promise<number> {
  const result = await withBar("events", (onProgress) => revert(pool, backfillId, onProgress));
  if (result.kind === "reverted") {
    console.log(`${result.events} events taken back`);
    return 0;
  }
  console.error(
    result.kind === "closed" ? "it was closed and cannot be reverted any more" : "there is no such backfill",
  );
  return 1;
}

async function close(pool: Pool, backfillId: string): Promise<number> {
  if (await endBackfill(pool, backfillId, "closed")) return 0;
  console.error("there is no such backfill");
  return 1;
}

async function withBar<T>(
  unit: string,
  work: (onProgress: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  let bar: Progress | undefined;
  try {
    return await work((done, total) => {
      bar ??= showProgress(process.stderr, unit);
      bar.update(done, total);
    });
  } finally {
    bar?.stop();
  }
}

process.exitCode = await runAsOperator("quotel-backfill", process.env, process.argv.slice(2), (args, env) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      key: { type: "string" },
      "dry-run": { type: "boolean" },
      list: { type: "boolean" },
      revert: { type: "string" },
      close: { type: "string" },
    },
  });
  const [file] = positionals;
  const { revert: reverted, close: closed, key = null } = values;
  if ([file, values.list, reverted, closed].filter((it) => it !== undefined).length !== 1) return USAGE;
  if (values.list) return list;
  if (reverted !== undefined) return (pool) => takeBack(pool, reverted);
  if (closed !== undefined) return (pool) => close(pool, closed);
  const read = readConfig(env);
  if (read.kind === "invalid") return read.problems.join("\n");
  const { defaultPlan, tenantAttributes } = read.config;
  const request = { file: file!, key, dryRun: values["dry-run"] ?? false, defaultPlan, tenantAttributes };
  return (pool) => run(pool, request);
});
