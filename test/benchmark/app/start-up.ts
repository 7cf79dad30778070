import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { RunOptions } from "../command.ts";
import type { Outcome } from "../comparison/row.ts";
import { median, sideBySide, spread } from "../comparison/rounds.ts";

const REGISTER = pathToFileURL(join(import.meta.dirname, "../../../instrumentation/dist/register.js")).href;
const SIZES = { quick: 2, default: 40, full: 200 } as const;
const MS_MAX = 30;

/**
 * Row `start-up`: milliseconds that `--import` of the built `register` adds until an app's first line runs, by Node's own
 * clock; against 30 ms.
 */
export async function measureStartUp({ size }: RunOptions): Promise<Outcome> {
  const started = await sideBySide(
    { metered: () => firstLineAtMs(["--import", REGISTER]), bare: () => firstLineAtMs([]) },
    { warmUp: 2, counted: SIZES[size] },
  );
  const value = Number((median(started.metered) - median(started.bare)).toFixed(1));
  const note = `start-up: first line after ${spread(started.bare)} ms bare, ${spread(started.metered)} ms metered`;
  return { rows: [{ id: "start-up", unit: "ms", value, baseline: MS_MAX, goal: { atMost: 1 } }], notes: [note] };
}

async function firstLineAtMs(options: readonly string[]): Promise<number> {
  const env = { PATH: process.env["PATH"], QUOTEL_SPOOL_DIR: "off" };
  const { stdout } = await promisify(execFile)(process.execPath, [...options, "-p", "performance.now()"], { env });
  return Number(stdout);
}
