/** `npm run schema:dump` writes database/schema.sql; with `--check` it compares instead and exits 1 on a difference. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withThrowawayServer } from "../embedded/throwaway.ts";
import { migrate } from "../migrate.ts";
import { describeDifference, dumpSchema } from "./dump.ts";

const file = join(import.meta.dirname, "..", "schema.sql");

const current = await withThrowawayServer(async (adminUrl) => {
  await migrate(adminUrl);
  return dumpSchema(adminUrl);
});

if (process.argv.includes("--check")) {
  const committed = await readFile(file, "utf8").catch(() => "");
  if (committed !== current) {
    console.error(`database/schema.sql is not what the migrations make; run npm run schema:dump.\n`);
    console.error(describeDifference(committed, current));
    process.exitCode = 1;
  }
} else {
  await writeFile(file, current);
}
