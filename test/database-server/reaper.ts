/**
 * Waits until its parent is gone, however it went (the pipe on stdin ends), then stops the parent's throwaway Postgres
 * and removes its folder. After an orderly end there is nothing left to do. Usage: reaper.ts DATA_DIR
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const dataDir = process.argv[2] ?? "";
process.stdin.resume();
await new Promise((resolve) => process.stdin.once("close", resolve));

const postmasterFile = join(dataDir, "postgres", "postmaster.pid");
for (let attempt = 0; attempt < 100; attempt++) {
  const pid = Number((await readFile(postmasterFile, "utf8").catch(() => "")).split("\n")[0]);
  if (pid === 0) break;
  try {
    process.kill(pid, "SIGQUIT");
  } catch {
    break;
  }
  await sleep(100);
}
await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
