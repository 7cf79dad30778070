import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { keptBetweenRuns } from "./kept-between-runs.ts";

const run = promisify(execFile);
const CACHE = join(import.meta.dirname, "../../node_modules/.cache/quotel-interop");
const FILES = ["package.json", "package-lock.json"];

/**
 * A folder with exactly the packages of a `package-lock.json` of ours, kept between runs. They have a folder of their own
 * because they must not meet the workspaces' versions. Throws where they cannot be installed.
 *
 * @param peer the folder here that has `package.json` and `package-lock.json`
 * @param scripts whether its packages need what they do when they are installed
 */
export async function installedPackages(peer: string, { scripts = false } = {}): Promise<string> {
  const source = join(import.meta.dirname, peer);
  const lock = createHash("sha256");
  for (const file of FILES) lock.update(await readFile(join(source, file)));
  return keptBetweenRuns({
    cache: CACHE,
    name: peer.replaceAll("/", "-"),
    hash: lock.digest("hex").slice(0, 16),
    async make(draft) {
      for (const file of FILES) await copyFile(join(source, file), join(draft, file));
      const options = ["--no-audit", "--no-fund", ...(scripts ? [] : ["--ignore-scripts"])];
      await run("npm", ["ci", ...options], { cwd: draft });
      return draft;
    },
  });
}
