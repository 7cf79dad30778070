import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import { APP_NAMES, readExamples } from "./read-examples.ts";
import type { Example } from "./read-examples.ts";

const ROOT = join(import.meta.dirname, "../../..");

let folder: string;
let examples: readonly Example[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quotel-examples-"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  examples = await readExamples();
  await Promise.all(examples.map(({ module }, at) => writeFile(join(folder, nameOf(at)), module)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function nameOf(at: number): string {
  return `example-${at}.ts`;
}

/** Runs Node in the folder; what it wrote, told apart by example. */
async function node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const options = { cwd: folder, env: { PATH: process.env["PATH"] ?? "", ...env } };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, options).catch((err: unknown) => {
    const { stdout = "", stderr = String(err) } = Object(err) as { stdout?: string; stderr?: string };
    return { stdout, stderr: `${stderr}\nfailed` };
  });
  return (stdout + stderr).replaceAll(/example-(\d+)\.ts/g, (_, at) => examples[Number(at)]?.where ?? "?");
}

test("every example of the documentation compiles against what the package exports", async () => {
  expect(examples.length).toBeGreaterThan(15);
  await copyFile(APP_NAMES, join(folder, "app-names.ts"));
  const config = { extends: join(ROOT, "tsconfig.json"), include: ["*.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  expect(await node([join(ROOT, "node_modules/typescript/bin/tsc"), "--pretty", "false"])).toBe("");
});

test("examples that need nothing of an app's run, and without a warning", async () => {
  const whole = examples.flatMap(({ isWhole }, at) => (isWhole ? [`import "./${nameOf(at)}";`] : []));
  expect(whole.length).toBeGreaterThan(4);
  await writeFile(join(folder, "all.ts"), whole.join("\n"));
  const receiver = await startOtlpReceiver();
  const env = { QUOTEL_ENDPOINT: receiver.url, QUOTEL_SPOOL_DIR: "spool", QUOTEL_SERVICE_KEY: "key" };
  const register = ["-C", "quotel-source", "--import", "@quotel/instrumentation/register"];
  expect(await node([...register, "all.ts"], env)).toBe("");
  expect([JSON.stringify(receiver.logs), JSON.stringify(receiver.metrics)]).toEqual([
    expect.stringContaining("team.member_invited"),
    expect.stringContaining("memory_storage"),
  ]);
  await receiver.close();
});
