/** `npm run rebuild -- --from ISO --to ISO [--tenant ID] [--dry-run]` */
import type { Pool } from "pg";
import { runAsOperator } from "#database/operator/run-as-operator";
import { rebuild } from "#database/repair/rebuild/rebuild";
import { showProgress } from "../progress.ts";
import { readRange } from "../range.ts";
import type { RepairRange } from "../range.ts";
import { addDay, describeDrift, NO_DRIFT } from "./drift.ts";

const USAGE =
  "npm run rebuild -- --from ISO --to ISO [--tenant ID] [--dry-run]   (hours and days that start in whole UTC days)";
const DAY_MS = 86_400_000;

async function run(pool: Pool, { tenantId, dryRun, ...asked }: RepairRange): Promise<number> {
  const fromMs = Math.floor(asked.fromMs / DAY_MS) * DAY_MS;
  const toMs = Math.ceil(asked.toMs / DAY_MS) * DAY_MS;
  const progress = showProgress(process.stderr, "days");
  const days = (toMs - fromMs) / DAY_MS;
  let drift = NO_DRIFT;
  let done = 0;
  progress.update(0, days);
  const outcome = await rebuild(pool, { tenantId, dryRun, fromMs, toMs }, (day) => {
    drift = addDay(drift, day);
    progress.update((done += 1), days);
  }).finally(progress.stop);
  if (done > 0) console.log(describeDrift(drift, { fromMs, toMs: fromMs + done * DAY_MS, dryRun }));
  if (outcome.kind === "rebuilt") return 0;
  const unsealedFrom = new Date(Math.ceil(outcome.unsealedFromMs / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
  console.error(
    `${new Date(outcome.dayMs).toISOString().slice(0, 10)} is sealed: the ledger has lost events of hours and days that ` +
      `start before ${new Date(outcome.unsealedFromMs).toISOString()}; start at ${unsealedFrom} or later`,
  );
  return 1;
}

process.exitCode = await runAsOperator("quotel-rebuild", process.env, process.argv.slice(2), (args) => {
  const read = readRange(args, Date.now());
  return read.kind === "invalid" ? [...read.problems, USAGE].join("\n") : (pool) => run(pool, read.range);
});
