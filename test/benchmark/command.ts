import { parseArgs } from "node:util";

/** How much is measured. `quick` shows that a row runs; its figures mean nothing. */
export type Size = "quick" | "default" | "full";

/** How measuring is done, whichever rows are measured. */
export interface RunOptions {
  readonly size: Size;
  /** Where every service of ours leaves a CPU profile; null = none is profiled. */
  readonly profileFolder: string | null;
}

/** What `npm run bench -- [ID...] [--quick | --full] [--json FILE] [--profile DIR]` asks for. */
export interface Command extends RunOptions {
  /** Rows to measure; all where none is named. */
  readonly ids: readonly string[];
  readonly jsonFile: string | null;
}

export type CommandResult =
  { readonly kind: "command"; readonly command: Command } | { readonly kind: "invalid"; readonly message: string };

/** Reads the command line, purely. An ID is a row's or what several rows' begin with (`decision-check`). */
export function readCommand(args: readonly string[], known: readonly string[]): CommandResult {
  const invalid = (message: string): CommandResult => ({ kind: "invalid", message });
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        json: { type: "string" },
        profile: { type: "string" },
        quick: { type: "boolean", default: false },
        full: { type: "boolean", default: false },
      },
      allowPositionals: true,
    });
    if (values.quick && values.full) return invalid("--quick or --full, not both");
    const rowsOf = (name: string): string[] => known.filter((id) => id === name || id.startsWith(`${name}-`));
    const unknown = positionals.filter((name) => rowsOf(name).length === 0);
    if (unknown.length > 0) return invalid(`Unknown: ${unknown.join(", ")}. There are: ${known.join(", ")}`);
    const command: Command = {
      ids: positionals.length === 0 ? known : [...new Set(positionals.flatMap(rowsOf))],
      jsonFile: values.json ?? null,
      size: values.quick ? "quick" : values.full ? "full" : "default",
      profileFolder: values.profile ?? null,
    };
    return { kind: "command", command };
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error));
  }
}
