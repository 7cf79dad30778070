import { parseArgs } from "node:util";

/** What `npm run bench -- [ID...] [--json FILE] [--full]` asks for. */
export interface Command {
  /** Rows to measure; all where none is named. */
  readonly ids: readonly string[];
  readonly jsonFile: string | null;
  readonly full: boolean;
}

export type CommandResult =
  { readonly kind: "command"; readonly command: Command } | { readonly kind: "invalid"; readonly message: string };

/** Reads the command line, purely. */
export function readCommand(args: readonly string[], known: readonly string[]): CommandResult {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: "string" }, full: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const unknown = positionals.filter((id) => !known.includes(id));
    if (unknown.length > 0) {
      return { kind: "invalid", message: `Unknown: ${unknown.join(", ")}. There are: ${known.join(", ")}` };
    }
    const ids = positionals.length === 0 ? known : positionals;
    return { kind: "command", command: { ids, jsonFile: values.json ?? null, full: values.full } };
  } catch (error) {
    return { kind: "invalid", message: error instanceof Error ? error.message : String(error) };
  }
}
