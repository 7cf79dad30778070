import { parseArgs } from "node:util";

/** What `quotel-doctor [--json] [--for SECONDS] [-- COMMAND...]` asks for. */
export interface Command {
  /** The app's command and its arguments; empty: the environment alone is looked at. */
  readonly app: readonly string[];
  readonly json: boolean;
  /** Ends the app after so long; null = when it ends. */
  readonly forMs: number | null;
}

export type CommandResult =
  | { readonly kind: "command"; readonly command: Command }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "invalid"; readonly message: string };

export const HELP = `quotel-doctor [--json] [--for SECONDS] [-- COMMAND...]

Tells what is and is not metered, and why. Without a command it looks at the settings, the collector, the spool
and the quota service; with one it runs the app, too, and watches it:

  npx quotel-doctor -- node app.js

  --json         the findings as JSON
  --for SECONDS  end the app after so long (default: when it ends, or Ctrl-C)

The exit code is 1 where there is a problem. While the app runs it is metered as always.`;

/** Reads the command line. Pure. */
export function readCommand(args: readonly string[]): CommandResult {
  const split = args.indexOf("--");
  const own = split < 0 ? args : args.slice(0, split);
  try {
    const { values } = parseArgs({
      args: [...own],
      options: {
        json: { type: "boolean", default: false },
        for: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return { kind: "help", text: HELP };
    const seconds = values.for === undefined ? null : Number(values.for);
    if (seconds !== null && !(seconds > 0)) {
      return { kind: "invalid", message: `--for takes a number of seconds, not ${values.for}` };
    }
    const app = split < 0 ? [] : args.slice(split + 1);
    return { kind: "command", command: { app, json: values.json, forMs: seconds === null ? null : seconds * 1000 } };
  } catch (error) {
    return { kind: "invalid", message: error instanceof Error ? error.message : String(error) };
  }
}
