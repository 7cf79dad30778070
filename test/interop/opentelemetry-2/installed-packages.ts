import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const CACHE = join(import.meta.dirname, "../../../node_modules/.cache/quotel-interop");
const FILES = ["package.json", "package-lock.json"];

/**
 * A folder with exactly the packages of `package-lock.json`, kept between runs. They have a folder of their own because the
 * two lines of OpenTelemetry must not meet in one. Throws where they cannot be installed.
 */
export async function installedPackages(): Promise<string> {
  const lock = await readFile(join(import.meta.dirname, "package-lock.json"));
  const folder = join(CACHE, `opentelemetry-2-${createHash("sha256").update(lock).digest("hex").slice(0, 16)}`);
  if ((await stat(folder).catch(() => null)) === null) await install(folder);
  return folder;
}

/** Made beside its place and then moved there, so that one that was interrupted is never taken for a whole one. */
async function install(folder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  try {
    for (const file of FILES) await copyFile(join(import.meta.dirname, file), join(draft, file));
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: draft });
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
