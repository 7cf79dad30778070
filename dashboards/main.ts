/** `npm run dashboards` writes what is generated; with `--check` it compares instead and exits 1 on a difference. */
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { alertsFile } from "./alerts/alerts.ts";
import { generate } from "./generate.ts";

/** Folders that hold nothing else: name of a file -> text. */
function generatedFolders(): Map<string, ReadonlyMap<string, string>> {
  return new Map([
    ["generated", generate()],
    ["provisioning/alerting", new Map([["quotel.json", alertsFile()]])],
  ]);
}

/** Names of the files that are missing, differ or are nobody's any more. */
async function outdated(folder: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  const committed = await readdir(folder).catch(() => []);
  const names = new Set([...files.keys(), ...committed]);
  const differing: string[] = [];
  for (const name of [...names].sort()) {
    const text = await readFile(join(folder, name), "utf8").catch(() => undefined);
    if (text !== files.get(name)) differing.push(name);
  }
  return differing;
}

async function write(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  for (const [name, text] of files) await writeFile(join(folder, name), text);
}

if (import.meta.main) {
  for (const [name, files] of generatedFolders()) {
    const folder = join(import.meta.dirname, name);
    if (process.argv.includes("--check")) {
      const names = await outdated(folder, files);
      if (names.length > 0) {
        console.error(`Not what the code makes; run npm run dashboards: ${name}: ${names.join(", ")}`);
        process.exitCode = 1;
      }
    } else {
      await write(folder, files);
      console.log(`Wrote ${name}: ${[...files.keys()].join(", ")}`);
    }
  }
}
