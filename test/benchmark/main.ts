/**
 * `npm run bench -- [ID...] [--quick | --full] [--json FILE] [--profile DIR]`: measures against the baselines of the
 * design, side by side.
 */
import { writeFile } from "node:fs/promises";
import { readCommand } from "./command.ts";
import type { Command } from "./command.ts";
import { jsonOf } from "./comparison/row.ts";
import type { BenchmarkRow } from "./comparison/row.ts";
import { tableOf } from "./comparison/table.ts";
import { EXPERIMENTS } from "./experiments.ts";

const WHAT = Object.assign({}, ...EXPERIMENTS.map(({ what }) => what)) as Record<string, string>;

const read = readCommand(process.argv.slice(2), Object.keys(WHAT));
if (read.kind === "invalid") {
  console.error(read.message);
  process.exitCode = 1;
} else {
  await run(read.command);
}

async function run(command: Command): Promise<void> {
  const rows: BenchmarkRow[] = [];
  const notes: string[] = [];
  for (const { what, measure } of EXPERIMENTS) {
    const wanted = Object.keys(what).filter((id) => command.ids.includes(id));
    if (wanted.length === 0) continue;
    // Not part of the answer, which goes to stdout.
    console.error(`measuring ${wanted.join(", ")} ...`);
    const outcome = await measure(command);
    rows.push(...outcome.rows.filter(({ id }) => wanted.includes(id)));
    notes.push(...outcome.notes);
  }
  console.log(tableOf(rows, WHAT));
  if (notes.length > 0) console.log(`\n${notes.join("\n")}`);
  if (command.jsonFile !== null) await writeFile(command.jsonFile, jsonOf(rows));
}
