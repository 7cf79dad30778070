import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { createTestDatabase } from "../database/test-database.ts";

const database = await createTestDatabase();
afterAll(database.drop);

const MAIN = join(import.meta.dirname, "../../quota-service/main.ts");

function run(env: Readonly<Record<string, string>>) {
  return spawn(process.execPath, ["-C", "quotel-source", MAIN], {
    env: { PATH: process.env["PATH"], QUOTEL_QUOTA_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function failureOf(env: Readonly<Record<string, string>>): Promise<{ code: number; text: string }> {
  const child = run(env);
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, text };
}

test("as a process the quota service prints its URL, serves, and ends in order on SIGTERM", async () => {
  const child = run({ DATABASE_URL: database.writerUrl });
  const exited = once(child, "exit");
  let url: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    url = /listening on (http[^"\s]+)/.exec(line)?.[1];
    if (url !== undefined) break;
  }
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});

test("the quota service refuses to run as a superuser or as the owner", async () => {
  for (const DATABASE_URL of [database.adminUrl, database.ownerUrl]) {
    const { code, text } = await failureOf({ DATABASE_URL });
    expect({ code, text }).toEqual({ code: 1, text: expect.stringContaining("connect as quotel_writer") });
  }
});

test("the quota service says what is wrong with its environment and which database it misses", async () => {
  const invalid = await failureOf({ QUOTEL_QUOTA_PORT: "x", QUOTEL_PREPARED: "x" });
  expect(invalid.code).toBe(1);
  expect(invalid.text).toMatch(/QUOTEL_QUOTA_PORT[^]*QUOTEL_PREPARED/);
  const homeless = await failureOf({ QUOTEL_DATA_DIR: "/nowhere" });
  expect(homeless).toEqual({ code: 1, text: expect.stringContaining("no embedded Postgres runs in /nowhere") });
});
