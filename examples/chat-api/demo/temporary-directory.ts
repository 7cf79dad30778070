import { chmodSync, mkdtempSync } from "node:fs";
import { glob, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new directory for quotel's data. */
export function makeDataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "quotel-demo-"));
  // Run as root, the database belongs to another user, who has to get through to its own directory inside.
  chmodSync(directory, 0o711);
  return directory;
}

/** Removes the directory, and the database server in it: where quotel itself was killed, that one lives on. */
export async function removeDataDirectory(directory: string): Promise<void> {
  for await (const pidFile of glob("**/postmaster.pid", { cwd: directory })) {
    try {
      process.kill(Number.parseInt(await readFile(join(directory, pidFile), "utf8"), 10), "SIGQUIT");
    } catch {
      // It ended in the meantime.
    }
  }
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
