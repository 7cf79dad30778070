/**
 * For each test of a file a collector, an empty spool, and processes that record, which are all gone after it:
 *
 *   spoolPerTest();
 *   test("...", async () => {
 *     const recording = await start();
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { spoolFolder, startRecording } from "./recording-process.ts";
import type { RecordingOptions, RecordingProcess, SpoolFolder } from "./recording-process.ts";

/** Those of the running test. */
export let receiver: OtlpReceiver;
export let spool: SpoolFolder;
let running: RecordingProcess[] = [];

export function spoolPerTest(): void {
  beforeEach(async () => {
    receiver = await startOtlpReceiver();
    spool = await spoolFolder();
  });
  afterEach(async () => {
    await Promise.all(running.map((one) => one.end("SIGKILL")));
    running = [];
    await receiver.close();
    await spool.remove();
  });
}

/** What a collector says that is away. */
export const away = () => ({ status: 503 });

/** Starts a process that records. */
export async function start(options: Partial<RecordingOptions> = {}): Promise<RecordingProcess> {
  const recording = await startRecording({ endpoint: receiver.url, spool: spool.path, ...options });
  running.push(recording);
  return recording;
}

/** Ends it, and says how it ended. */
export async function end(
  recording: RecordingProcess,
  ...how: Parameters<RecordingProcess["end"]>
): ReturnType<RecordingProcess["end"]> {
  running = running.filter((one) => one !== recording);
  return recording.end(...how);
}

/** Starts processes, has each record so many spans while the collector is away, and kills them all. */
export async function leaveBehind(...counts: number[]): Promise<void> {
  receiver.script = away;
  const recordings = await Promise.all(counts.map(() => start()));
  await Promise.all(recordings.map((recording, n) => recording.ask({ do: "record", count: counts[n]! })));
  await written(counts.reduce((sum, count) => sum + count, 0));
  await Promise.all(recordings.map((recording) => end(recording, "SIGKILL")));
}

/** Segments on the disk. */
export async function segments(): Promise<string[]> {
  return (await spool.files()).filter((file) => file.endsWith(".spool"));
}

/** Lines on the disk, of all segments; a header of each among them. */
export async function linesOnDisk(): Promise<string[]> {
  const texts = await Promise.all(
    (await segments()).map((file) => readFile(join(spool.path, file), "utf8").catch(() => "")),
  );
  return texts.flatMap((text) => text.split("\n").slice(0, -1));
}

/** Spans on the disk. A process that ends may have written one twice. */
export async function spansOnDisk(): Promise<string[]> {
  return [...new Set((await linesOnDisk()).filter((line) => line.includes('"spanId"')))];
}

/** Waits until so many spans are on the disk. */
export async function written(count: number): Promise<void> {
  await expect.poll(async () => (await spansOnDisk()).length, { timeout: 5_000, interval: 5 }).toBe(count);
}

/** Waits until the heirs know, too, that so many spans of others' have arrived. */
export async function replayed(count: number, ...heirs: readonly RecordingProcess[]): Promise<void> {
  const known = async () => {
    const counters = await Promise.all(heirs.map((heir) => heir.ask({ do: "counters" })));
    return counters.reduce((sum, one) => sum + one.replayed, 0);
  };
  await expect.poll(known, { timeout: 5_000, interval: 10 }).toBe(count);
}
