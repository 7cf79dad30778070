import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { startApp } from "../start-app.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** What the README says of the installed package. */
const BYTES_MAX = 1_100_000;

const APP = `
const server = createServer((req, res) => {
  setTenant("acme");
  res.end("ok");
}).listen(0, "127.0.0.1", () => console.log("http://127.0.0.1:" + server.address().port));
process.on("message", () => {
  server.close();
  server.closeAllConnections();
  process.disconnect();
});`;
const APPS = {
  "app.mjs": `import { createServer } from "node:http"; import { setTenant } from "@quotel/instrumentation"; ${APP}`,
  "app.cjs": `const { createServer } = require("node:http"); const { setTenant } = require("@quotel/instrumentation"); ${APP}`,
};

let folder: string;
let receiver: OtlpReceiver;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  folder = await mkdtemp(join(tmpdir(), "quotel-installed-"));
  await npm(ROOT, "pack", "--workspace=conventions", "--workspace=instrumentation", "--pack-destination", folder);
  await writeFile(join(folder, "package.json"), "{}");
  const packed = (await readdir(folder)).filter((name) => name.endsWith(".tgz")).map((name) => `./${name}`);
  await npm(folder, "install", "--offline", "--no-audit", "--no-fund", ...packed);
  for (const [name, text] of Object.entries(APPS)) await writeFile(join(folder, name), text);
}, 120_000);
afterAll(async () => {
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
});

async function npm(cwd: string, ...args: string[]): Promise<void> {
  await promisify(execFile)("npm", args, { cwd });
}

test("the package as it is installed is two folders of a megabyte in all, and brings nothing else", async () => {
  const modules = join(folder, "node_modules");
  const entries = await readdir(modules, { recursive: true, withFileTypes: true });
  const packages = entries.filter(({ name }) => name === "package.json").map(({ parentPath }) => parentPath);
  expect(packages.sort()).toEqual([join(modules, "@quotel/conventions"), join(modules, "@quotel/instrumentation")]);
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(BYTES_MAX);
});

test.each(Object.keys(APPS))("the installed package meters an app of either module system: %s", async (name) => {
  receiver.spans.length = 0;
  const register = join(folder, "node_modules/@quotel/instrumentation/dist/register.js");
  const app = await startApp({
    env: { QUOTEL_ENDPOINT: receiver.url },
    file: pathToFileURL(join(folder, name)),
    built: true,
    registerFrom: pathToFileURL(register).href,
  });
  expect(await (await fetch(`${app.url}/notes`)).text()).toBe("ok");
  expect(await app.end("finish")).toMatchObject({ code: 0 });
  expect(receiver.of("api_call").map(({ attributes }) => attributes["quotel.tenant.id"])).toEqual(["acme"]);
});

test("the installed package brings the doctor as a command", async () => {
  const doctor = join(folder, "node_modules/.bin/quotel-doctor");
  const { stdout } = await promisify(execFile)(doctor, ["--help"]);
  expect(stdout).toContain("npx quotel-doctor -- node app.js");
});

test("the installed package estimates tokens without a tokenizer beside it, from the text's bytes", async () => {
  const script = `import { estimateTokens } from "@quotel/instrumentation"; console.log(JSON.stringify(estimateTokens("Grüße!")));`;
  const args = ["--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  expect(JSON.parse(stdout)).toEqual({ tokens: 2, estimated: true, by: "bytes" });
});
