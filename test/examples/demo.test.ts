import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Verdict } from "../../examples/chat-api/demo/verdict.ts";

const DEMO_MS_MAX = 60_000;

let temporary: string;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "quotel-demo-test-"));
  // The database may run as another user, who has to get through.
  await chmod(temporary, 0o711);
});
afterEach(() => rm(temporary, { recursive: true }));

/** Starts the demo as `npm run demo` does; all its temporary files go to a directory of this test. */
function startDemo(...args: string[]) {
  const env = { ...process.env, TMPDIR: temporary, NODE_OPTIONS: "" };
  const child = spawn(process.execPath, ["examples/chat-api/demo.ts", ...args], { env, stdio: "pipe" });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  return { child, output, ended: once(child, "close") };
}

async function expectNothingLeft(): Promise<void> {
  // Kept on purpose: the copy of the Postgres programs that a checkout in a private folder needs, for the next start too.
  const left = (await readdir(temporary)).filter((name) => !/^quotel-postgres-\d+\.\d+/.test(name));
  expect(left).toEqual([]);
  const { stdout } = await promisify(execFile)("ps", ["-eo", "args"]);
  expect(stdout.split("\n").filter((line) => line.includes(temporary))).toEqual([]);
}

test("the demo conserves every reported token, lets nobody past a limit and denies nobody who fitted", async () => {
  const { output, ended } = startDemo("--json");
  const [code] = await ended;
  const verdict = JSON.parse(output.stdout.trimEnd().split("\n").at(-1) ?? "") as Verdict;
  expect(verdict).toMatchObject({ conserved: true, overAdmitted: 0, underAdmitted: 0 });
  expect(verdict.ledgerTokens).toBe(verdict.providerTokens);
  expect(verdict.unreportedTokens).toBeGreaterThan(0);
  expect(verdict.durationMs).toBeLessThan(DEMO_MS_MAX);
  const trial = verdict.tenants.find(({ plan }) => plan === "trial");
  expect(trial?.denied).toBeGreaterThan(0);
  expect(trial?.ledgerTokens).toBeLessThanOrEqual(10_000);
  const others = verdict.tenants.filter(({ plan }) => plan !== "trial");
  expect(others.map(({ plan, denied }) => ({ plan, denied }))).toEqual([
    { plan: "starter", denied: 0 },
    { plan: "enterprise", denied: 0 },
  ]);
  expect(verdict.tenants.every(({ costNanoUsd }) => BigInt(costNanoUsd) > 0n)).toBe(true);
  expect([code, output.stderr]).toEqual([0, ""]);
  await expectNothingLeft();
});

test("a demo that is interrupted amid its traffic takes everything it started with it", async () => {
  const { child, output, ended } = startDemo();
  while (!output.stderr.includes("Sending")) {
    if (child.exitCode !== null) throw new Error(`the demo ended too early: ${output.stderr}`);
    await once(child.stderr, "data");
  }
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  await expectNothingLeft();
});
