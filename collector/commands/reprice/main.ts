/** `npm run reprice -- --from ISO --to ISO [--tenant ID] [--dry-run]` */
import type { Pool } from "pg";
import { asOwner } from "#database/operator/as-owner";
import { runAsOperator } from "#database/operator/run-as-operator";
import { readOverrides } from "#database/prices/read-overrides";
import { PriceOverrides } from "../../price/overrides/price-overrides.ts";
import { createPrice } from "../../price/price.ts";
import { showProgress } from "../progress.ts";
import { readRange } from "../range.ts";
import type { RepairRange } from "../range.ts";
import { reprice } from "./reprice.ts";
import type { RepriceSummary } from "./reprice.ts";

const USAGE = "npm run reprice -- --from ISO --to ISO [--tenant ID] [--dry-run]   (by the end of the span)";

async function run(pool: Pool, range: RepairRange): Promise<number> {
  const price = createPrice(new PriceOverrides(await asOwner(pool, readOverrides)));
  const progress = showProgress(process.stderr, "events");
  const outcome = await reprice(pool, price, range, progress.update).finally(progress.stop);
  if (outcome.kind === "sealed") {
    console.error(`the ledger has lost events that ended before ${outcome.sealedBefore}: start there or later`);
    return 1;
  }
  console.log(report(outcome.summary, range));
  return 0;
}

function report(summary: RepriceSummary, { dryRun }: RepairRange): string {
  const { seen, changed, costBefore, costAfter, unpricedBefore, unpricedAfter } = summary;
  return [
    `${seen} events that a model served, ${changed} ${dryRun ? "would get" : "got"} another price`,
    `cost      ${usd(costBefore)} -> ${usd(costAfter)}`,
    `unpriced  ${unpricedBefore} -> ${unpricedAfter} events`,
  ].join("\n");
}

/** Exact. */
function usd(nano: bigint): string {
  const [sign, size] = nano < 0n ? ["-", -nano] : ["", nano];
  return `${sign}${size / 1_000_000_000n}.${String(size % 1_000_000_000n).padStart(9, "0")} USD`;
}

process.exitCode = await runAsOperator("quotel-reprice", process.env, process.argv.slice(2), (args) => {
  const read = readRange(args, Date.now());
  return read.kind === "invalid" ? [...read.problems, USAGE].join("\n") : (pool) => run(pool, read.range);
});
