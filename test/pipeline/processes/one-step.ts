/**
 * A process that takes one step of the collector's work and ends, so that it can be killed anywhere in it at little cost:
 *
 *   one-step.ts record     the record stage, on the usage events that stdin holds as JSON
 *   one-step.ts fold       one fold of the rollups
 *
 * On the database of `DATABASE_URL`; dies where `KILL_AT` says (see kill-at-message.ts), or ends with 0 once the step is
 * done: what a collector would acknowledge then.
 */
import { json } from "node:stream/consumers";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { foldRollups } from "#database/rollups/fold";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { killAt } from "./kill-at-message.ts";

const pool = createPool({ connectionString: process.env["DATABASE_URL"] ?? "", applicationName: "one-step" });
// Connected before it is armed: how a connection begins is no part of the step.
await pool.query("select");
killAt(process.env["KILL_AT"] ?? "");
if (process.argv[2] === "fold") await foldRollups(pool);
else {
  const log = { warn: console.warn, error: console.error };
  const recorder = createRecorder({ pool, defaultPlan: "trial", log });
  const outcome = await recorder.record((await json(process.stdin)) as UsageEvent[], { keyId: "test", tenants: null });
  if (outcome.kind !== "committed") process.exitCode = 1;
}
await pool.end();
