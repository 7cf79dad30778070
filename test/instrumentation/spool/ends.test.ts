import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";

import { away, end, receiver, spansOnDisk, spool, spoolPerTest, start } from "./spool-per-test.ts";

spoolPerTest();

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

test("without a spool what an exit leaves undelivered is said to be lost, to the record", async () => {
  receiver.script = away;
  const recording = await start({ spool: null });
  await recording.ask({ do: "record", count: 30 });
  const { code, stderr } = await end(recording, { do: "record and exit", count: 12, code: 3 });
  expect(code).toBe(3);
  expect(stderr).toContain("quotel: 42 usage records were not delivered and are lost");
  expect(await spool.files()).toEqual([]);
});
