/** `npm run rebuild -- --from ISO --to ISO [--tenant ID] [--dry-run]` */
import { rebuild } from "#database/repair/rebuild/rebuild";
import { refuse, runOwnerCommand } from "../owner-command.ts";
import { showProgress } from "../../progress.ts";
import { readRange } from "../range.ts";
import { addDay, describeDrift, NO_DRIFT } from "./drift.ts";

const USAGE =
  "npm run rebuild -- --from ISO --to ISO [--tenant ID] [--dry-run]   (hours and days that start in whole UTC days)";
const DAY_MS = 86_400_000;

async function main(): Promise<number> {
  const read = readRange(process.argv.slice(2), Date.now());
  if (read.kind === "invalid") return refuse([...read.problems, USAGE]);
  const fromMs = Math.floor(read.range.fromMs / DAY_MS) * DAY_MS;
  const toMs = Math.ceil(read.range.toMs / DAY_MS) * DAY_MS;
  return runOwnerCommand(process.env, "quotel-rebuild", async (pool) => {
    const progress = showProgress(process.stderr, "days");
    const days = (toMs - fromMs) / DAY_MS;
    let drift = NO_DRIFT;
    let done = 0;
    progress.update(0, days);
    const outcome = await rebuild(pool, { ...read.range, fromMs, toMs }, (day) => {
      drift = addDay(drift, day);
      progress.update((done += 1), days);
    }).finally(progress.stop);
    if (done > 0)
      console.log(describeDrift(drift, { fromMs, toMs: fromMs + done * DAY_MS, dryRun: read.range.dryRun }));
    if (outcome.kind === "rebuilt") return 0;
    const unsealedFrom = new Date(Math.ceil(outcome.unsealedFromMs / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
    return refuse([
      `${new Date(outcome.dayMs).toISOString().slice(0, 10)} is sealed: the ledger has lost events of hours and days that ` +
        `start before ${new Date(outcome.unsealedFromMs).toISOString()}; start at ${unsealedFrom} or later`,
    ]);
  });
}

process.exitCode = await main();
