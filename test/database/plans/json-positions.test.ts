import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJsonWithPositions } from "../../../database/plans/file/json-positions.ts";
import type { JsonPath } from "../../../database/plans/file/json-positions.ts";

/** Every path into a value, and the value it leads to. */
function* pathsOf(value: unknown, path: JsonPath = []): Generator<[JsonPath, unknown]> {
  yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    yield* pathsOf(child, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

test("the text at the position of a path is that path's name or value, for any JSON document", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(0, 2), (generated, indent) => {
      const text = JSON.stringify(generated, null, indent);
      const parsed = parseJsonWithPositions(text);
      if (!parsed.ok) throw new Error(parsed.message);
      expect(parsed.json).toEqual(JSON.parse(text));
      const lines = text.split("\n");
      for (const [path, value] of pathsOf(parsed.json)) {
        const { line, column } = parsed.positionOf(path);
        const rest = [lines[line - 1]!.slice(column - 1), ...lines.slice(line)].join("\n");
        const key = path.at(-1);
        const expected =
          typeof key === "string" ? JSON.stringify(key) : JSON.stringify(value, null, indent).slice(0, 1);
        expect(rest.startsWith(expected)).toBe(true);
      }
    }),
  );
});

test.each<[text: string, line: number, column: number]>([
  ['{\n  "a": unlimited\n}', 2, 8],
  ['{\n  "a": 1,\n}', 3, 1],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
  ['{\n  "a": 1,\n  "b": 2,\n  "a": 3\n}', 4, 3],
  ["plans: {}", 1, 1],
  ["", 1, 1],
])("%j is refused at line %i, column %i", (text, line, column) => {
  expect(parseJsonWithPositions(text)).toMatchObject({ ok: false, position: { line, column } });
});

test("a path that leads nowhere has the position of its last part that exists", () => {
  const parsed = parseJsonWithPositions('{\n  "a": { "b": [1] }\n}');
  const positionOf = (path: JsonPath) => (parsed.ok ? parsed.positionOf(path) : null);
  expect(positionOf(["a", "c", "d"])).toEqual({ line: 2, column: 3 });
  expect(positionOf(["a", "b", 4])).toEqual({ line: 2, column: 10 });
  expect(positionOf(["z"])).toEqual({ line: 1, column: 1 });
});
