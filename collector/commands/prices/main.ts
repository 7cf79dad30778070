/** `npm run prices -- list | set | end`: prices of our own, over those of the list. */
import { userInfo } from "node:os";
import type { Pool } from "pg";
import { asOwner } from "#database/operator/as-owner";
import { runAsOperator } from "#database/operator/run-as-operator";
import { addOverride } from "#database/prices/add-override";
import { readOverrides } from "#database/prices/read-overrides";
import { describeOverride } from "./describe-override.ts";
import { USAGE, readCommand } from "./read-command.ts";
import type { PricesCommand } from "./read-command.ts";

async function list(pool: Pool): Promise<number> {
  const overrides = await asOwner(pool, readOverrides);
  console.log(overrides.length === 0 ? "no overrides" : overrides.map(describeOverride).join("\n"));
  return 0;
}

async function add(pool: Pool, { override, reason }: Extract<PricesCommand, { kind: "add" }>): Promise<number> {
  const origin = { reason, actor: userInfo().username };
  await asOwner(pool, (client) => addOverride(client, override, origin));
  console.log(describeOverride({ ...override, ...origin }));
  if (override.validFromMs < Date.now()) {
    const from = new Date(override.validFromMs).toISOString();
    console.log(`Collectors know it in 30 s; then price what is recorded: npm run reprice -- --from ${from} --to now`);
  }
  return 0;
}

process.exitCode = await runAsOperator("quotel-prices", process.env, process.argv.slice(2), (args) => {
  const command = readCommand(args, Date.now());
  if (command.kind === "invalid") return [...command.problems, USAGE].join("\n");
  return command.kind === "list" ? list : (pool) => add(pool, command);
});
