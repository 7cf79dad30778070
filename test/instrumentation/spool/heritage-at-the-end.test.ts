import { afterEach, beforeEach, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { spoolFolder, startRecording } from "./recording-process.ts";

let receiver: OtlpReceiver;
let spool: Awaited<ReturnType<typeof spoolFolder>>;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  spool = await spoolFolder();
});
afterEach(async () => {
  await receiver.close();
  await spool.remove();
});

const start = () => startRecording({ endpoint: receiver.url, spool: spool.path });

/** A process that is killed while the collector is away. */
async function leaveBehind(): Promise<void> {
  receiver.script = () => ({ status: 503 });
  const recording = await start();
  await recording.ask({ do: "record", count: 30 });
  await recording.ask({ do: "record items", signal: "metrics", count: 40 });
  await recording.ask({ do: "record items", signal: "logs", count: 50 });
  await expect.poll(async () => (await spool.files()).filter((file) => file.endsWith(".spool")).length).toBe(3);
  await new Promise((resolve) => setTimeout(resolve, 200)); // all of it is on the disk
  await recording.end("SIGKILL");
}

test.each([{ do: "end" } as const, "SIGTERM" as const])(
  "a process that lives for a moment only (%o) delivers what a dead one has left, beside its own, each item once",
  async (how) => {
    await leaveBehind();
    const asked = new Set<string>();
    // Once more for each signal: a process that did not wait would be gone by then.
    receiver.script = (_, path) => {
      if (asked.has(path)) return null;
      asked.add(path);
      return { status: 503 };
    };
    const moment = await start();
    await moment.ask({ do: "record", count: 1 });
    await moment.end(how);
    expect(receiver.of("chat")).toHaveLength(31);
    expect([receiver.metrics, receiver.logs].map(({ length }) => length)).toEqual([40, 50]);
    expect(await spool.files()).toEqual([]);
  },
);

test("what a dead process has left keeps the next one no longer than its exit waits for the collector anyway", async () => {
  await leaveBehind();
  const moment = await start();
  const startedMs = performance.now();
  await moment.end({ do: "end" });
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  receiver.script = () => null;
  const heir = await start();
  await heir.end({ do: "end" });
  expect(receiver.of("chat")).toHaveLength(30);
});
