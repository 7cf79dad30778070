import { pbkdf2 } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";

import { createMeter } from "../../../instrumentation/src/metering/meter.ts";
import { away, end, linesOnDisk, receiver, segments, spool, spoolPerTest, start } from "./spool-per-test.ts";

spoolPerTest();

const names = (items: readonly Readonly<Record<string, unknown>>[]) => items.map(({ name }) => Number(name));
const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** Has what this process asks of the disk wait for a while: four threads do all of that. */
function delayDisk(): void {
  for (let thread = 0; thread < 4; thread += 1) pbkdf2("", "", 100_000, 64, "sha512", () => undefined);
}

/** Leaves behind items of every signal, each in a segment of its own that begins with a header. */
async function leaveAllBehind(): Promise<void> {
  receiver.script = away;
  const recording = await start();
  await recording.ask({ do: "record", count: 30 });
  await recording.ask({ do: "record items", signal: "metrics", count: 40 });
  await recording.ask({ do: "record items", signal: "logs", count: 50 });
  await expect.poll(async () => (await linesOnDisk()).length, { timeout: 5_000, interval: 5 }).toBe(30 + 40 + 50 + 3);
  await end(recording, "SIGKILL");
  receiver.script = () => null;
}

test("of every signal the next process delivers what a killed one had not, each item once and where it belongs", async () => {
  await leaveAllBehind();
  const heir = await start();
  await expect.poll(() => heir.ask({ do: "counters" })).toMatchObject({ replayed: 120, damaged: 0 });
  expect(receiver.of("chat")).toHaveLength(30);
  expect(names(receiver.metrics)).toEqual(range(40));
  expect(names(receiver.logs)).toEqual(range(50));
  await end(heir, { do: "end" });
  expect(await spool.files()).toEqual([]);
});

test("a segment whose header the disk damaged is still delivered as what it is", async () => {
  await leaveAllBehind();
  const logs = join(
    spool.path,
    (await segments()).find((file) => file.endsWith(".logs.spool"))!,
  );
  const bytes = await readFile(logs);
  bytes[12]! ^= 0x10;
  await writeFile(logs, bytes);
  const heir = await start();
  await expect.poll(() => heir.ask({ do: "counters" })).toMatchObject({ replayed: 120, damaged: 1 });
  expect(names(receiver.logs)).toEqual(range(50));
});

test("an audit event the collector cannot read is kept alone, and delivered when an operator moves it back", async () => {
  const requested = (path: string) => receiver.requests.filter(({ body }) => body.includes(path));
  receiver.script = (_, path) => (path === "/v1/logs" ? { status: 400 } : null);
  const recording = await start();
  await recording.ask({ do: "record items", signal: "logs", count: 2 });
  await recording.ask({ do: "record", count: 1 });
  await expect.poll(() => recording.ask({ do: "counters" })).toMatchObject({ quarantined: 2, waiting: 0 });
  expect(requested("resourceLogs").length).toBeGreaterThanOrEqual(3);
  expect(receiver.of("chat")).toHaveLength(1);
  const [first, ...others] = (await spool.files()).filter((file) => file.startsWith("quarantine/"));
  expect(others).toHaveLength(1);
  await end(recording, { do: "end" });
  receiver.script = () => null;
  const folder = join(spool.path, first!, "..");
  await rename(folder, join(spool.path, basename(folder)));
  await start();
  await expect.poll(() => names(receiver.logs)).toEqual([1, 2]);
});

test("what is settled of one signal leaves the disk at the end although another signal waits", async () => {
  receiver.script = (_, path) => (path === "/v1/logs" ? { status: 503 } : null);
  const recording = await start();
  await recording.ask({ do: "record items", signal: "metrics", count: 3 });
  await recording.ask({ do: "record items", signal: "logs", count: 3 });
  await expect.poll(() => recording.ask({ do: "counters" })).toMatchObject({ acknowledged: 3, waiting: 3 });
  await end(recording, { do: "end" });
  expect((await segments()).map((file) => file.replace(/.*\d\./, ""))).toEqual(["logs.spool"]);
});

test.each([{ do: "end" } as const, "SIGTERM" as const])(
  "a process that lives for a moment only (%o) delivers what a dead one has left, beside its own, each item once",
  async (how) => {
    await leaveAllBehind();
    const asked = new Set<string>();
    // Once more for each signal: a process that did not wait would be gone by then.
    receiver.script = (_, path) => {
      if (asked.has(path)) return null;
      asked.add(path);
      return away();
    };
    const moment = await start();
    await moment.ask({ do: "record", count: 1 });
    await end(moment, how);
    expect(receiver.of("chat")).toHaveLength(31);
    expect(names(receiver.metrics)).toEqual(range(40));
    expect(names(receiver.logs)).toEqual(range(50));
    expect(await spool.files()).toEqual([]);
  },
);

test("what dead processes have left is off the disk from the moment it counts as settled: a process may end then", async () => {
  await leaveAllBehind();
  receiver.script = () => {
    delayDisk();
    return null;
  };
  const heir = createMeter({
    endpoint: new URL(receiver.url),
    ingestKey: "key",
    serviceName: "heir",
    spool: { folder: spool.path, bytesMax: 2 ** 28 },
  });
  await heir.heritageSettled();
  const left = readdirSync(spool.path, { recursive: true }).filter((file) => String(file).endsWith(".spool"));
  heir.finishSync();
  heir.stop();
  expect(left).toEqual([]);
  expect(heir.counters()).toMatchObject({ replayed: 120 });
});

test("what a dead process has left keeps the next one no longer than it waits for the collector at its end anyway", async () => {
  await leaveAllBehind();
  receiver.script = away;
  const moment = await start();
  const startedMs = performance.now();
  await end(moment, { do: "end" });
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  receiver.script = () => null;
  await end(await start(), { do: "end" });
  expect(receiver.of("chat")).toHaveLength(30);
});
