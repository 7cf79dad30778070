import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { keptBetweenRuns } from "./kept-between-runs.ts";

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "quotel-kept-"));
});
afterEach(() => rm(cache, { recursive: true, force: true }));

const OLD = "0".repeat(16);
const NEW = "1".repeat(16);

function keep(hash: string, made = "made", name = "peer"): Promise<string> {
  return keptBetweenRuns({
    cache,
    name,
    hash,
    async make(draft) {
      await writeFile(join(draft, "file"), made);
      return draft;
    },
  });
}
async function leaveForADay(...names: string[]): Promise<void> {
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  await Promise.all(names.map((name) => utimes(join(cache, name), yesterday, yesterday)));
}

test("what is kept is made once per hash of its sources", async () => {
  const place = await keep(NEW);
  expect(await keep(NEW, "made again")).toBe(place);
  expect(await readFile(join(place, "file"), "utf8")).toBe("made");
});

test("two runs that make the same at once share one of the two, and leave no draft", async () => {
  const places = await Promise.all([keep(NEW, "one"), keep(NEW, "other")]);
  expect(new Set(places).size).toBe(1);
  expect(await readFile(join(places[0], "file"), "utf8")).toMatch(/^(one|other)$/);
  expect(await readdir(cache)).toEqual([`peer-${NEW}`]);
});

test("what was made from earlier sources goes when nobody has used it for a day, and so does what was interrupted", async () => {
  await keep(OLD);
  await keep(OLD, "made", "peer-2");
  await mkdtemp(join(cache, `peer-${OLD}-`));
  const before = await readdir(cache);
  await keep(NEW);
  expect((await readdir(cache)).sort()).toEqual([...before, `peer-${NEW}`].sort());
  await leaveForADay(...before);
  await keep(NEW);
  expect((await readdir(cache)).sort()).toEqual([`peer-${NEW}`, `peer-2-${OLD}`].sort());
});

test("what another run has just used is not removed from under it", async () => {
  await keep(OLD);
  await leaveForADay(`peer-${OLD}`);
  const other = await keep(OLD);
  await Promise.all([keep(NEW), keep(NEW)]);
  expect(await readFile(join(other, "file"), "utf8")).toBe("made");
});

test("a file can be kept alone, and one that could not be made is not", async () => {
  const make = async (draft: string) => {
    await writeFile(join(draft, "program"), "binary");
    return join(draft, "program");
  };
  const place = await keptBetweenRuns({ cache, name: "peer", hash: NEW, make });
  expect(await readFile(place, "utf8")).toBe("binary");
  const failing = keptBetweenRuns({
    cache,
    name: "other",
    hash: NEW,
    make: () => Promise.reject(new Error("no compiler")),
  });
  await expect(failing).rejects.toThrow("no compiler");
  expect(await readdir(cache)).toEqual([`peer-${NEW}`]);
});
