/** `npm run reprice -- --from ISO --to ISO [--tenant ID] [--dry-run]` */
import { readOverrides } from "#database/prices/read-overrides";
import { asOwner } from "#database/repair/owner";
import { PriceOverrides } from "../../price/overrides/price-overrides.ts";
import { createPrice } from "../../price/price.ts";
import { refuse, runOwnerCommand } from "../owner-command.ts";
import { showProgress } from "../../progress.ts";
import { readRange } from "../range.ts";
import type { RepairRange } from "../range.ts";
import { reprice } from "./reprice.ts";
import type { RepriceSummary } from "./reprice.ts";

const USAGE = "npm run reprice -- --from ISO --to ISO [--tenant ID] [--dry-run]   (by the end of the span)";

async function main(): Promise<number> {
  const read = readRange(process.argv.slice(2), Date.now());
  if (read.kind === "invalid") return refuse([...read.problems, USAGE]);
  return runOwnerCommand(process.env, "quotel-reprice", async (pool) => {
    const price = createPrice(new PriceOverrides(await asOwner(pool, readOverrides)));
    const progress = showProgress(process.stderr, "events");
    const outcome = await reprice(pool, price, read.range, progress.update).finally(progress.stop);
    if (outcome.kind === "sealed") {
      return refuse([`the ledger has lost events that ended before ${outcome.sealedBefore}: start there or later`]);
    }
    console.log(report(outcome.summary, read.range));
    return 0;
  });
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

process.exitCode = await main();
