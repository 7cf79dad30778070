import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import {
  away,
  end,
  leaveBehind,
  receiver,
  replayed,
  spansOnDisk,
  spool,
  spoolPerTest,
  start,
  written,
} from "./spool-per-test.ts";

spoolPerTest();

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
