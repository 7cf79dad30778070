/** `npm run prices -- list | set | end`: prices of our own, over those of the list. */
import { userInfo } from "node:os";
import { addOverride } from "#database/prices/add-override";
import { readOverrides } from "#database/prices/read-overrides";
import { asOwner } from "#database/repair/owner";
import { refuse, runOwnerCommand } from "../../repair/owner-command.ts";
import { describeOverride } from "./describe-override.ts";
import { USAGE, readCommand } from "./read-command.ts";

async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2), Date.now());
  if (command.kind === "invalid") return refuse([...command.problems, USAGE]);
  return runOwnerCommand(process.env, "quotel-prices", async (pool) => {
    if (command.kind === "list") {
      const overrides = await asOwner(pool, readOverrides);
      console.log(overrides.length === 0 ? "no overrides" : overrides.map(describeOverride).join("\n"));
      return 0;
    }
    const { override } = command;
    const origin = { reason: command.reason, actor: userInfo().username };
    await asOwner(pool, (client) => addOverride(client, override, origin));
    console.log(describeOverride({ ...override, ...origin }));
    if (override.validFromMs < Date.now()) {
      const from = new Date(override.validFromMs).toISOString();
      console.log(
        `Collectors know it in 30 s; then price what is recorded: npm run reprice -- --from ${from} --to now`,
      );
    }
    return 0;
  });
}

process.exitCode = await main();
