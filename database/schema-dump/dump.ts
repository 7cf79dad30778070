import { diff } from "node:util";
import { Client } from "pg";
import { SECTIONS } from "./catalogue.ts";

const HEADER =
  "-- The schema that the migrations make, as Postgres 18 describes it. Written by `npm run schema:dump`.\n";

/** Describes schemas `quotel` and `public` of a database; the same schema gives the same text. */
export async function dumpSchema(connectionString: string): Promise<string> {
  const client = new Client({ connectionString, application_name: "quotel-schema-dump" });
  await client.connect();
  try {
    // With an empty path every name is printed with its schema.
    await client.query("set search_path = ''");
    let text = HEADER;
    for (const { title, sql } of SECTIONS) {
      const { rows } = await client.query<{ ddl: string }>(sql);
      if (rows.length > 0) text += `\n-- ${title}\n\n${rows.map((row) => `${row.ddl}\n`).join(separator(title))}`;
    }
    return text;
  } finally {
    await client.end();
  }
}

/** Lines removed from and added to the first text, with two lines around them; empty where the texts are equal. */
export function describeDifference(before: string, after: string): string {
  const lines = diff(before.split("\n"), after.split("\n"));
  const shown = new Set<number>();
  for (const [index, [operation]] of lines.entries()) {
    if (operation !== 0) for (let near = index - 2; near <= index + 2; near++) shown.add(near);
  }
  return lines
    .flatMap(([operation, line], index) => {
      if (!shown.has(index)) return [];
      // diff() tells how to come from its second argument to its first.
      return [`${operation === 0 ? " " : operation === 1 ? "-" : "+"} ${line}`];
    })
    .join("\n");
}

/** Statements of one line each stand close together; bodies get room. */
function separator(title: string): string {
  return ["Tables", "Functions", "Views", "Types"].includes(title) ? "\n" : "";
}
