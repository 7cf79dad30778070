import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

test("npm start names the problems of every room at once, and makes nothing before they are mended", async () => {
  const dataDir = join(tmpdir(), `quotel-never-made-${process.pid}`);
  const child = spawn(process.execPath, ["-C", "quotel-source", join(import.meta.dirname, "../start.ts")], {
    env: {
      PATH: process.env["PATH"],
      QUOTEL_DATA_DIR: dataDir,
      DATABASE_URL: "mysql://elsewhere",
      QUOTEL_POSTGRES_PORT: "high",
      QUOTEL_COLLECTOR_PORT: "70000",
      QUOTEL_QUOTA_PORT: "abc",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit") as Promise<[number]>]);
  expect(code).toBe(1);
  for (const name of ["DATABASE_URL", "QUOTEL_POSTGRES_PORT", "QUOTEL_COLLECTOR_PORT", "QUOTEL_QUOTA_PORT"]) {
    expect(said).toContain(name);
  }
  await expect(access(dataDir)).rejects.toThrow(/ENOENT/);
});
