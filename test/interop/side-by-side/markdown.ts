import type { Column } from "./columns.ts";
import type { Row } from "./rows.ts";
import type { Verdict } from "./verdict.ts";

const BEGIN = "<!-- side-by-side: generated, see test/interop/side-by-side -->";
const END = "<!-- /side-by-side -->";

/** The table as Markdown, one line a row; under it which versions were compared, and why ours is less than exact where it is. */
export function tableOf(columns: readonly Column[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const excuses = rows.flatMap(({ one }) => (one.excuse === undefined ? [] : [one.excuse]));
  const mark = (excuse: string): string => `<sup>${excuses.indexOf(excuse) + 1}</sup>`;
  return [
    line(["what the app does", ...columns.map(({ name }) => name)]),
    line(["---", ...columns.map(() => "---")]),
    ...rows.map(({ one, verdicts }) =>
      line([one.excuse === undefined ? one.name : `${one.name} ${mark(one.excuse)}`, ...verdicts.map(cellOf)]),
    ),
    "",
    `Versions: ${columns.map(({ name, version, openai }) => `${name} (${version ?? "this"}, \`openai\` ${openai})`).join("; ")}.`,
    ...excuses.flatMap((excuse) => ["", `${mark(excuse)} ${excuse}.`]),
  ].join("\n");
}

/** A document with what stands between the table's marks replaced; throws where it has none. */
export function withTable(document: string, table: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`no place for the table: ${BEGIN} ... ${END}`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${table}\n\n${document.slice(end)}`;
}

function cellOf({ tokens, app }: Verdict): string {
  return app === "same" ? tokens : `${tokens}, app ${app}`;
}
