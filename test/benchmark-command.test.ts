import { describe, expect, it } from "vitest";
import { readCommand } from "./benchmark/command.ts";
import { median, quantile, sideBySide } from "./benchmark/measure.ts";
import { tableOf } from "./benchmark/table.ts";

const KNOWN = ["decode", "ingest-copy"];

describe("npm run bench", () => {
  it("measures every row where none is named, and the named ones otherwise", () => {
    expect(readCommand([], KNOWN)).toEqual({
      kind: "command",
      command: { ids: KNOWN, jsonFile: null, full: false },
    });
    expect(readCommand(["decode", "--json", "out.json", "--full"], KNOWN)).toEqual({
      kind: "command",
      command: { ids: ["decode"], jsonFile: "out.json", full: true },
    });
  });

  it("refuses a row that does not exist and lists those that do", () => {
    const read = readCommand(["decode", "speed"], KNOWN);
    expect(read).toEqual({ kind: "invalid", message: "Unknown: speed. There are: decode, ingest-copy" });
    expect(readCommand(["--fast"], KNOWN).kind).toBe("invalid");
  });

  it("says of every row whether its goal is met", () => {
    const row = { id: "decode", unit: "spans/s", value: 300, baseline: 100, ratio: 3, goal: 2.5 };
    const lines = tableOf([row, { ...row, ratio: 2.4 }], { decode: "ours / theirs" }).split("\n");
    expect(lines[2]).toMatch(/^decode +ours \/ theirs +spans\/s +300 +100 +3\.00x +2\.5x +yes$/);
    expect(lines[3]).toMatch(/2\.40x +2\.5x +no$/);
  });

  it("compares medians of rounds in which the contenders take turns, and forgets the warm-up", async () => {
    const order: string[] = [];
    const contender = (name: string) => (round: number) => Promise.resolve(order.push(`${name}${round}`));
    const results = await sideBySide({ a: contender("a"), b: contender("b") }, { warmUp: 1, counted: 2 });
    expect(order).toEqual(["a0", "b0", "a1", "b1", "a2", "b2"]);
    expect(results).toEqual({ a: [3, 5], b: [4, 6] });
    expect(median([9, 1, 5])).toBe(5);
    expect(quantile([4, 1, 3, 2], 0.99)).toBe(4);
  });
});
