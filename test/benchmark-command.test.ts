import { describe, expect, it } from "vitest";
import { readCommand } from "./benchmark/command.ts";
import { isMet, jsonOf } from "./benchmark/comparison/row.ts";
import { median, quantile, sideBySide } from "./benchmark/comparison/rounds.ts";
import { tableOf } from "./benchmark/comparison/table.ts";

const KNOWN = ["decode", "ingest-copy", "ingest-naive"];
const FASTER = { id: "decode", unit: "spans/s", value: 300, baseline: 100, goal: { atLeast: 2.5 } };
const LATENCY = { id: "decision", unit: "ms", value: 30, baseline: 20, goal: { atMost: 2 } };

describe("npm run bench", () => {
  it("measures every row where none is named, and the named ones otherwise", () => {
    expect(readCommand([], KNOWN)).toEqual({
      kind: "command",
      command: { ids: KNOWN, jsonFile: null, size: "default", profileFolder: null },
    });
    expect(readCommand(["decode", "--json", "out.json", "--full", "--profile", "profiles"], KNOWN)).toEqual({
      kind: "command",
      command: { ids: ["decode"], jsonFile: "out.json", size: "full", profileFolder: "profiles" },
    });
  });

  it("measures all the rows whose ids begin with a name, each once", () => {
    expect(readCommand(["ingest", "ingest-copy", "--quick"], KNOWN)).toEqual({
      kind: "command",
      command: { ids: ["ingest-copy", "ingest-naive"], jsonFile: null, size: "quick", profileFolder: null },
    });
  });

  it("refuses a row that does not exist and lists those that do", () => {
    const read = readCommand(["decode", "ing"], KNOWN);
    expect(read).toEqual({ kind: "invalid", message: "Unknown: ing. There are: decode, ingest-copy, ingest-naive" });
    expect(readCommand(["--fast"], KNOWN).kind).toBe("invalid");
    expect(readCommand(["--quick", "--full"], KNOWN).kind).toBe("invalid");
  });

  it("says of every row whether its goal is met", () => {
    const rows = [FASTER, { ...FASTER, value: 240 }, LATENCY];
    const lines = tableOf(rows, { decode: "ours / theirs", decision: "with / without" }).split("\n");
    expect(lines[2]).toMatch(/^decode +ours \/ theirs +spans\/s +300 +100 +3\.00x +>= 2\.5x +yes$/);
    expect(lines[3]).toMatch(/2\.40x +>= 2\.5x +no$/);
    expect(lines[4]).toMatch(/^decision +with \/ without +ms +30 +20 +1\.50x +<= 2x +yes$/);
  });

  it("holds a row to at least or to at most its goal, whichever the goal is, the goal itself included", () => {
    const met = (goal: { atLeast: number } | { atMost: number }, value: number) => isMet({ ...LATENCY, goal, value });
    expect([59, 60, 61].map((value) => met({ atLeast: 3 }, value))).toEqual([false, true, true]);
    expect([59, 60, 61].map((value) => met({ atMost: 3 }, value))).toEqual([true, true, false]);
    // Nothing was measured.
    expect([met({ atLeast: 3 }, NaN), met({ atMost: 3 }, NaN)]).toEqual([false, false]);
  });

  it("writes its rows as JSON with the six fields that readers know", () => {
    expect(JSON.parse(jsonOf([FASTER, LATENCY]))).toEqual([
      { id: "decode", unit: "spans/s", value: 300, baseline: 100, ratio: 3, goal: 2.5 },
      { id: "decision", unit: "ms", value: 30, baseline: 20, ratio: 1.5, goal: 2 },
    ]);
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
