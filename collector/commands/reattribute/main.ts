/** `npm run reattribute`: gives usage that was recorded for nobody to a tenant. */
import type { Pool } from "pg";
import { runAsOperator } from "#database/operator/run-as-operator";
import { showProgress } from "../progress.ts";
import type { Progress } from "../progress.ts";
import { readRequest } from "./arguments.ts";
import type { ReattributeRequest } from "./arguments.ts";
import { reattribute } from "./reattribute.ts";

async function run(pool: Pool, request: ReattributeRequest): Promise<number> {
  let bar: Progress | undefined;
  const result = await reattribute(pool, request, (done, total) => {
    bar ??= showProgress(process.stderr, "events");
    bar.update(done, total);
  }).finally(() => bar?.stop());
  const { tenantId } = request;
  if (result.kind === "unknown_tenant") {
    console.error(`there is no tenant ${tenantId}: register it first`);
    return 1;
  }
  if (result.kind === "sealed") {
    console.error(`${result.events} of the events are on sealed days: their ledger is gone. Choose a later --from.`);
    return 1;
  }
  console.log(
    result.kind === "would_move"
      ? `${result.events} events would count for ${tenantId}.`
      : `${result.moved} events now count for ${tenantId}; ${result.known} of them it had already.`,
  );
  return 0;
}

process.exitCode = await runAsOperator("quotel-reattribute", process.env, process.argv.slice(2), (args) => {
  const request = readRequest(args, Date.now());
  return typeof request === "string" ? request : (pool) => run(pool, request);
});
