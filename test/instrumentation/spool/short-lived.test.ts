import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import { leaveBehind, receiver, spool, spoolPerTest } from "./spool-per-test.ts";

const run = promisify(execFile);

spoolPerTest();

const ENDS = {
  "by itself": "",
  "by SIGTERM": 'process.kill(process.pid, "SIGTERM");',
} as const;

/** Runs an app, with the defaults of `register`, that is at its end after a tenth of a second; says how long it then took to go. */
async function liveShortly({ work = "", end = "" } = {}): Promise<{ signal: string | null; goneAfterMs: number }> {
  const app = `
    import { recordUsage } from "@quotel/instrumentation";
    setTimeout(() => { ${work} console.log(Date.now()); ${end} }, 100);`;
  const args = [
    "-C",
    "quotel-source",
    "--import",
    "@quotel/instrumentation/register",
    "--input-type=module",
    "-e",
    app,
  ];
  const env = { PATH: process.env["PATH"] ?? "", QUOTEL_ENDPOINT: receiver.url, QUOTEL_SPOOL_DIR: spool.path };
  const ended = await run(process.execPath, args, { env }).then(
    ({ stdout }) => ({ stdout, signal: null }),
    ({ stdout, signal }: { stdout: string; signal: string | null }) => ({ stdout, signal }),
  );
  return { signal: ended.signal, goneAfterMs: Date.now() - Number(ended.stdout) };
}

/** How often each span was delivered. */
function deliveries(spans = receiver.spans): number[] {
  const counts = new Map<string, number>();
  for (const { traceId, spanId } of spans) counts.set(traceId + spanId, (counts.get(traceId + spanId) ?? 0) + 1);
  return [...counts.values()];
}

test.each(Object.entries(ENDS))(
  "a process that lives a tenth of a second and ends %s delivers its own usage and what a killed one left, each once",
  async (_, end) => {
    await leaveBehind(600);
    receiver.script = () => null;
    const work = 'recordUsage({ tenantId: "acme", resource: "searches", amount: 1 });';
    expect(await liveShortly({ work, end })).toMatchObject({ signal: end === "" ? null : "SIGTERM" });
    expect(deliveries()).toEqual(Array.from({ length: 601 }, () => 1));
    expect(await spool.files()).toEqual([]);
  },
);

test("a short-lived process that finds nothing in the spool does not wait at its end", async () => {
  // The quickest of three: a machine that is busy now may not be so in a second.
  const gone = [await liveShortly(), await liveShortly(), await liveShortly()].map(({ goneAfterMs }) => goneAfterMs);
  expect(Math.min(...gone)).toBeLessThan(900);
  expect(receiver.requests).toEqual([]);
});

test("a collector that does not answer delays the end of a process that inherits by little more than a second", async () => {
  await leaveBehind(30);
  const { port } = new URL(receiver.url);
  await receiver.close();
  const silent = createServer((socket) => socket.resume()).listen(Number(port), "127.0.0.1");
  await once(silent, "listening");
  const { goneAfterMs } = await liveShortly();
  expect(goneAfterMs).toBeGreaterThan(900);
  expect(goneAfterMs).toBeLessThan(5_000);
  await new Promise((resolve) => silent.close(resolve));
  const answering = await startOtlpReceiver(Number(port));
  await liveShortly();
  await answering.close();
  expect(deliveries(answering.spans)).toEqual(Array.from({ length: 30 }, () => 1));
});
