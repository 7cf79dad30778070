/** `test("...")`, `it("...")` and their variants such as `test.each(...)("...")`, at the start of a line. */
const TEST_CALL = /^\s*(?:test|it)(?:\.\w+)*(?:\([^\n]*?\))?\(\s*(["'`])((?:\\.|(?!\1).)*)\1/gm;

/**
 * Test names that occur more than once, each with its files. A name is a guarantee; two tests that carry the same one
 * hide each other in a report.
 */
export function duplicateTestNames(sources: ReadonlyMap<string, string>): string[] {
  const places = new Map<string, string[]>();
  for (const [file, source] of sources) {
    for (const match of source.matchAll(TEST_CALL)) {
      const name = match[2] ?? "";
      places.set(name, [...(places.get(name) ?? []), file]);
    }
  }
  return [...places].filter(([, files]) => files.length > 1).map(([name, files]) => `"${name}" in ${files.join(", ")}`);
}
