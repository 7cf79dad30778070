import { expect, test } from "vitest";
import { duplicateTestNames } from "./unique-test-names.ts";

test("a name that two tests carry is reported with both files, a name used once or in a comment is not", () => {
  const sources = new Map([
    ["a.test.ts", 'test("same", () => {});\n  it.each([1])("spelt `so`", () => {});\n// test("alone")'],
    ["b.test.ts", "describe('same', () => {\n  test('same', async () => {});\n  test(`alone`, () => {});"],
  ]);
  expect(duplicateTestNames(sources)).toEqual(['"same" in a.test.ts, b.test.ts']);
});
