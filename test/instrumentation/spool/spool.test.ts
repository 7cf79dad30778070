import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { spoolFolder, startRecording } from "./recording-process.ts";
import type { RecordingOptions, RecordingProcess } from "./recording-process.ts";

let receiver: OtlpReceiver;
let spool: Awaited<ReturnType<typeof spoolFolder>>;
let running: RecordingProcess[];

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  spool = await spoolFolder();
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.end("SIGKILL")));
  await receiver.close();
  await spool.remove();
});

const away = () => ({ status: 503 });

async function start(options: Partial<RecordingOptions> = {}): Promise<RecordingProcess> {
  const recording = await startRecording({ endpoint: receiver.url, spool: spool.path, ...options });
  running.push(recording);
  return recording;
}
async function end(recording: RecordingProcess, ...how: Parameters<RecordingProcess["end"]>) {
  running = running.filter((one) => one !== recording);
  return recording.end(...how);
}
/** Starts processes, has each record so many spans while the collector is away, and kills them all. */
async function leaveBehind(...counts: number[]): Promise<void> {
  receiver.script = away;
  const recordings = await Promise.all(counts.map(() => start()));
  await Promise.all(recordings.map((recording, n) => recording.ask({ do: "record", count: counts[n]! })));
  await written(counts.reduce((sum, count) => sum + count, 0));
  await Promise.all(recordings.map((recording) => end(recording, "SIGKILL")));
}
/** Waits until so many spans are on the disk. */
async function written(count: number): Promise<void> {
  await expect.poll(async () => (await spansOnDisk()).length, { timeout: 5_000, interval: 5 }).toBe(count);
}
async function spansOnDisk(): Promise<string[]> {
  const files = (await spool.files()).filter((file) => file.endsWith(".spool"));
  const texts = await Promise.all(files.map((file) => readFile(join(spool.path, file), "utf8").catch(() => "")));
  // A process that ends may have written one twice.
  return [...new Set(texts.flatMap((text) => text.split("\n").filter((line) => line.includes('"spanId"'))))];
}
/** Waits until the heirs know, too, that so many spans of others' have arrived. */
async function replayed(count: number, ...heirs: readonly RecordingProcess[]): Promise<void> {
  const known = async () => {
    const counters = await Promise.all(heirs.map((heir) => heir.ask({ do: "counters" })));
    return counters.reduce((sum, one) => sum + one.replayed, 0);
  };
  await expect.poll(known, { timeout: 5_000, interval: 10 }).toBe(count);
}
/** How often each span was delivered, in the order of arrival. */
function deliveries(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { traceId, spanId } of receiver.spans) {
    const id = `${Number.parseInt(traceId, 16)}/${Number.parseInt(spanId, 16)}`;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

test("what a killed process had not delivered the next one delivers, and the spool is empty when that ends", async () => {
  await leaveBehind(700);
  receiver.script = () => null;
  const heir = await start();
  await receiver.waitFor("chat", 700);
  await replayed(700, heir);
  expect(await heir.ask({ do: "counters" })).toMatchObject({ replayed: 700, recorded: 0, acknowledged: 0, damaged: 0 });
  expect(receiver.requests.at(-1)!.body).toMatch(/"service.name","value":{"stringValue":"recorder-\d+"/);
  expect(await end(heir, { do: "end" })).toMatchObject({ code: 0 });
  expect(new Set(deliveries().values())).toEqual(new Set([1]));
  expect(await spool.files()).toEqual([]);
});

test("process.exit in the turn that recorded keeps its code, and the usage is in the spool", async () => {
  const recording = await start();
  expect(await end(recording, { do: "record and exit", count: 50, code: 7 })).toMatchObject({ code: 7, stderr: "" });
  await start();
  await receiver.waitFor("chat", 50);
});

test("an uncaught exception ends the app as it would without us, and the usage is in the spool", async () => {
  const recording = await start();
  const { code, stderr } = await end(recording, { do: "record and throw", count: 50 });
  expect(code).toBe(1);
  expect(stderr).toContain("the app's own mistake");
  await start();
  await receiver.waitFor("chat", 50);
});

test("an app with a handler for SIGTERM ends by it alone", async () => {
  receiver.script = away;
  const recording = await start();
  await recording.ask({ do: "handle SIGTERM", code: 5 });
  await recording.ask({ do: "record", count: 5 });
  expect(await end(recording, "SIGTERM")).toMatchObject({ code: 5, signal: null });
  expect(await spansOnDisk()).toHaveLength(5);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "an app that dies of %s while the collector is away leaves its usage in the spool, and none of it else",
  async (signal) => {
    receiver.script = away;
    const recording = await start();
    await recording.ask({ do: "record", count: 5 });
    expect(await end(recording, signal)).toMatchObject({ code: null, signal });
    expect(await spansOnDisk()).toHaveLength(5);
    receiver.script = () => null;
    const heir = await start();
    await receiver.waitFor("chat", 5);
    await expect.poll(spansOnDisk).toEqual([]);
    await end(heir, signal);
    expect(await readdir(spool.path)).toEqual([]);
  },
);

test("an app whose only listener is a library that yields to others still dies of SIGTERM", async () => {
  const recording = await start();
  await recording.ask({ do: "listen like signal-exit" });
  await recording.ask({ do: "record", count: 5 });
  expect(await end(recording, "SIGTERM")).toMatchObject({ code: null, signal: "SIGTERM" });
  expect(receiver.of("chat")).toHaveLength(5);
});

test("an ended process that delivered everything leaves nothing on the disk", async () => {
  const recording = await start();
  await recording.ask({ do: "record", count: 2_000 });
  expect(await end(recording, { do: "end" })).toMatchObject({ code: 0, stderr: "" });
  expect(receiver.of("chat")).toHaveLength(2_000);
  expect(await spool.files()).toEqual([]);
});

test("nobody takes what a living process has in the spool", async () => {
  receiver.script = away;
  const owner = await start();
  await owner.ask({ do: "record", count: 20 });
  await written(20);
  const before = await spool.files();
  const other = await start();
  await other.ask({ do: "record", count: 1 });
  await written(21);
  expect(await spool.files()).toEqual(expect.arrayContaining(before));
  expect(await other.ask({ do: "counters" })).toMatchObject({ replayed: 0, waiting: 1 });
});

test("of several heirs one delivers each segment", async () => {
  await leaveBehind(40, 41, 42);
  receiver.script = () => null;
  const heirs = await Promise.all([start(), start(), start(), start()]);
  await receiver.waitFor("chat", 123);
  await replayed(123, ...heirs);
  expect(new Set(deliveries().values())).toEqual(new Set([1]));
});

test("what is for another collector is left to the processes that export there", async () => {
  await leaveBehind(10);
  const elsewhere = await startOtlpReceiver();
  const stranger = await start({ endpoint: elsewhere.url });
  await stranger.ask({ do: "record", count: 1 });
  await elsewhere.waitFor("chat", 1);
  expect(await end(stranger, { do: "end" })).toMatchObject({ code: 0 });
  expect(elsewhere.of("chat")).toHaveLength(1);
  expect(await spansOnDisk()).toHaveLength(10);
  await elsewhere.close();
});

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

test("without a spool what an exit leaves undelivered is said to be lost, to the record", async () => {
  receiver.script = away;
  const recording = await start({ spool: null });
  await recording.ask({ do: "record", count: 30 });
  const { code, stderr } = await end(recording, { do: "record and exit", count: 12, code: 3 });
  expect(code).toBe(3);
  expect(stderr).toContain("quotel: 42 usage records were not delivered and are lost");
  expect(await spool.files()).toEqual([]);
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

test("a span that the disk damaged is counted, and the others are delivered", async () => {
  await leaveBehind(10);
  const file = join(
    spool.path,
    (await spool.files()).find((one) => one.endsWith(".spool"))!,
  );
  const bytes = await readFile(file);
  bytes[Math.floor(bytes.length / 2)]! ^= 0x10;
  await writeFile(file, bytes);
  receiver.script = () => null;
  const heir = await start();
  await receiver.waitFor("chat", 9);
  await replayed(9, heir);
  expect(await heir.ask({ do: "counters" })).toMatchObject({ replayed: 9, damaged: 1 });
});

test("a folder whose process died while it was made is no heritage and not in the way", async () => {
  await mkdir(join(spool.path, "00000000-unborn.new"));
  const recording = await start();
  await recording.ask({ do: "record", count: 1 });
  await receiver.waitFor("chat", 1);
  expect(await end(recording, { do: "end" })).toMatchObject({ code: 0, stderr: "" });
});
