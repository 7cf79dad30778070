import { expect, test } from "vitest";
import { freePorts, startProcess, type RunningProcess } from "../../examples/chat-api/demo/processes.ts";

const CHAT_API = "examples/chat-api";

function run(name: string, args: readonly string[], env: Record<string, string> = {}): RunningProcess {
  return startProcess({ name, args, cwd: CHAT_API, env: { PATH: process.env["PATH"], ...env } });
}

test("the fake provider prints its address, answers there and ends when it is told to", async () => {
  const provider = run("the fake provider", ["provider/main.ts"]);
  const url = await provider.printed(/listening on (http\S+)/);
  expect(await (await fetch(`${url}/ledger`)).json()).toEqual({ tenants: {} });
  await provider.stop();
  await expect(fetch(`${url}/ledger`)).rejects.toThrow("fetch failed");
});

test("wrong settings of the provider are all named at once", async () => {
  const provider = run("the fake provider", ["provider/main.ts"], { PORT: "x", PROVIDER_FAULT_RATE: "2" });
  await expect(provider.failed).rejects.toThrow(/code 1[^]*PORT=x[^]*PROVIDER_FAULT_RATE=2/);
});

test("whoever waits for a process learns that it ended, and what it said last", async () => {
  const child = run("the child", ["-e", "console.error('out of luck'); process.exit(3)"]);
  await expect(child.printed(/listening on (http\S+)/)).rejects.toThrow(/the child ended.*code 3[^]*out of luck/);
});

test("what a child started itself does not outlive a child that dies without stopping it", async () => {
  const server = `require("node:http").createServer().listen(0, function () { console.log("port " + this.address().port); })`;
  const child = run("the child", [
    "-e",
    `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(server)}], { stdio: "inherit" });`,
  ]);
  const url = `http://127.0.0.1:${await child.printed(/port (\d+)\n/)}`;
  await child.stop();
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

test("free ports are different and free", async () => {
  const ports = await freePorts(5);
  expect(new Set(ports).size).toBe(5);
  for (const port of ports) await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow("fetch failed");
});
