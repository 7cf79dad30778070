import { rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";

import { away, end, receiver, spansOnDisk, spool, spoolPerTest, start, written } from "./spool-per-test.ts";

spoolPerTest();

test("an outage that outgrows the memory costs nothing, and all arrives in order", async () => {
  receiver.script = away;
  const recording = await start({ queueBytesMax: 400_000 });
  for (let n = 1; n <= 40; n += 1) {
    await recording.ask({ do: "record", count: 125 });
    // An app is not a loop: the disk is a moment behind it.
    await written(n * 125);
  }
  expect(await recording.ask({ do: "counters" })).toMatchObject({ waiting: 5_000, dropped: 0 });
  receiver.script = () => null;
  await receiver.waitFor("chat", 5_000);
  const seqs = receiver.spans.map((span) => span.attributes["quotel.seq"]);
  expect(seqs).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
  await expect
    .poll(() => recording.ask({ do: "counters" }))
    .toMatchObject({ acknowledged: 5_000, waiting: 0, damaged: 0 });
});

test("a full spool leaves usage to the memory, and what fits in neither is a counted gap", async () => {
  receiver.script = away;
  const recording = await start({ queueBytesMax: 100_000, bytesMax: 150_000 });
  for (let n = 0; n < 30; n += 1) await recording.ask({ do: "record", count: 50 });
  const { waiting, dropped } = await recording.ask({ do: "counters" });
  expect(dropped).toBeGreaterThan(100);
  expect(waiting + dropped).toBe(1_500);
  expect((await spansOnDisk()).join("\n").length).toBeLessThan(200_000);
  receiver.script = () => null;
  await receiver.waitFor("chat", waiting);
  await expect
    .poll(() => recording.ask({ do: "counters" }))
    .toMatchObject({ acknowledged: waiting, dropped, waiting: 0 });
  const { stderr } = await end(recording, { do: "end" });
  expect(stderr.match(/holds 150000 bytes, its most/g)).toHaveLength(1);
});

test("a folder that cannot be written is told once, and usage is delivered from memory", async () => {
  await writeFile(join(spool.path, "file"), "");
  const recording = await start({ spool: join(spool.path, "file", "spool") });
  for (let n = 0; n < 3; n += 1) await recording.ask({ do: "record", count: 100 });
  await receiver.waitFor("chat", 300);
  const { code, stderr } = await end(recording, { do: "end" });
  expect(code).toBe(0);
  expect(stderr.match(/cannot be written \(ENOTDIR.*usage is kept in memory only/g)).toHaveLength(1);
});

test("a disk that takes no more is told once, and usage goes on from memory", async () => {
  receiver.script = away;
  const recording = await start({ fileBytesMax: 50_000 });
  for (let n = 0; n < 10; n += 1) await recording.ask({ do: "record", count: 100 });
  receiver.script = () => null;
  await receiver.waitFor("chat", 1_000);
  await expect
    .poll(() => recording.ask({ do: "counters" }))
    .toMatchObject({ acknowledged: 1_000, dropped: 0, damaged: 0 });
  const { code, stderr } = await end(recording, { do: "end" });
  expect(code).toBe(0);
  expect(stderr.match(/cannot be written \(EFBIG/g)).toHaveLength(1);
});

test("a path too long for a lock is told, and usage is delivered from memory", async () => {
  const recording = await start({ spool: join(spool.path, "x".repeat(120)) });
  await recording.ask({ do: "record", count: 10 });
  await receiver.waitFor("chat", 10);
  expect((await end(recording, { do: "end" })).stderr).toMatch(/too long for a lock/);
});

test("what the collector cannot read is kept, and is delivered when an operator moves it back", async () => {
  receiver.script = (spanIds) => (spanIds.includes("0000000000000003") ? { status: 400 } : null);
  const recording = await start();
  await recording.ask({ do: "record", count: 5 });
  await receiver.waitFor("chat", 4);
  const [kept, ...rest] = (await spool.files()).filter((file) => file.startsWith("quarantine/"));
  expect(rest).toEqual([]);
  expect(await end(recording, { do: "end" })).toMatchObject({ code: 0 });
  receiver.script = () => null;
  const folder = join(spool.path, kept!, "..");
  await rename(folder, join(spool.path, basename(folder)));
  await start();
  expect((await receiver.waitFor("chat", 5)).at(-1)!.spanId).toBe("0000000000000003");
});
