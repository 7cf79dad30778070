import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import { expect, test } from "vitest";
import { allColumns } from "./columns.ts";
import { tableOf, withTable } from "./markdown.ts";
import { allRows } from "./rows.ts";

const ROOT = join(import.meta.dirname, "../../..");
const DOCUMENTS = ["test/interop/side-by-side/README.md", "instrumentation/README.md"].map((name) => join(ROOT, name));

const columns = await allColumns();

test(
  "the table of instrumentations side by side says what they do, and ours is exact and changes no app but where the row says why",
  { timeout: 600_000 },
  async () => {
    const rows = await allRows(columns);
    const ours = rows.map(({ one, verdicts: [quotel] }) => [one.name, quotel!.tokens, quotel!.app]);
    expect(ours).toEqual(rows.map(({ one }) => [one.name, one.excuse === undefined ? "exact" : "partial", "same"]));
    const table = tableOf(columns, rows);
    if (process.env["QUOTEL_WRITE_TABLE"] === "1") await writeTables(table);
    for (const file of DOCUMENTS) {
      const committed = await readFile(file, "utf8");
      expect(committed, file).toBe(await generated(committed, table));
    }
  },
);

async function writeTables(table: string): Promise<void> {
  for (const file of DOCUMENTS) await writeFile(file, await generated(await readFile(file, "utf8"), table));
}

/** As `npm run format` leaves it. */
function generated(document: string, table: string): Promise<string> {
  return format(withTable(document, table), { parser: "markdown", printWidth: 120 });
}
