import { parseArgs } from "node:util";
import type { OverrideKey, PriceOverride } from "#database/prices/price-override";
import { providerOf } from "../../normalise/usage/provider.ts";
import { INSTANT, instantOf } from "../instant.ts";

/** What `npm run prices -- ...` asks for. */
export type PricesCommand =
  | { readonly kind: "list" }
  | { readonly kind: "add"; readonly override: PriceOverride; readonly reason: string }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

export const USAGE = `npm run prices -- list
npm run prices -- set PROVIDER MODEL --from ISO --reason TEXT [--tier TIER]
    --input USD [--output USD] [--cache-read USD] [--cache-write USD] [--reasoning USD] [--request USD] | --free
npm run prices -- end PROVIDER MODEL --from ISO --reason TEXT [--tier TIER]
USD per million tokens (--request: per call). MODEL may end in *. It holds until the next set or end of the same key.`;

/** Up to six decimals, as the column holds them: nine for a single call. */
const USD = /^\d{1,6}(\.\d{1,6})?$/;
const USD_PER_REQUEST = /^\d{1,6}(\.\d{1,9})?$/;

/** Reads the command line, purely; names every problem. */
export function readCommand(args: readonly string[], nowMs: number): PricesCommand {
  try {
    const [command, ...rest] = args;
    if (command === "list" && rest.length === 0) return { kind: "list" };
    if (command === "set" || command === "end") return readAddition(command, rest, nowMs);
    return { kind: "invalid", problems: ["say list, set or end"] };
  } catch (error) {
    return { kind: "invalid", problems: [error instanceof Error ? error.message : String(error)] };
  }
}

function readAddition(command: "set" | "end", args: readonly string[], nowMs: number): PricesCommand {
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      from: text,
      reason: text,
      tier: text,
      input: text,
      output: text,
      "cache-read": text,
      "cache-write": text,
      reasoning: text,
      request: text,
      free: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  const problems: string[] = [];
  const usd = (name: "input" | "output" | "cache-read" | "cache-write" | "reasoning" | "request"): number | null => {
    const value = values[name];
    if (value === undefined) return null;
    if (!(name === "request" ? USD_PER_REQUEST : USD).test(value))
      problems.push(`--${name} must be an amount such as 2.5`);
    return Number(value);
  };
  const given = {
    input: usd("input"),
    output: usd("output"),
    cacheRead: usd("cache-read"),
    cacheWrite: usd("cache-write"),
    reasoning: usd("reasoning"),
    perRequest: usd("request"),
  };
  const prices = values.free ? { ...given, input: 0, output: 0 } : given;
  const some = Object.values(given).some((price) => price !== null);
  if (command === "end" && (some || values.free)) problems.push("end takes no prices: the list decides from then on");
  if (command === "set" && some === values.free) problems.push("set takes --input and the like, or --free");
  if (command === "set" && prices.input === null) problems.push("set needs --input, so that events get a price");
  const validFromMs = values.from === undefined ? null : instantOf(values.from, nowMs);
  if (validFromMs === null) problems.push(`--from must be ${INSTANT}`);
  const reason = values.reason?.trim() ?? "";
  if (reason === "") problems.push("--reason is missing");
  const key = readKey(positionals, values.tier, problems);
  if (problems.length > 0) return { kind: "invalid", problems };
  const override = { ...key, validFromMs: validFromMs!, prices: command === "end" ? null : prices };
  return { kind: "add", override, reason };
}

function readKey(positionals: readonly string[], tier: string | undefined, problems: string[]): OverrideKey {
  const [provider = "", name = ""] = positionals;
  const model = name.toLowerCase();
  if (positionals.length !== 2 || provider === "" || model === "") problems.push("name a provider and a model");
  if (model.slice(0, -1).includes("*")) problems.push("a * may only be the model's last character");
  return { provider: providerOf(provider)!, model, serviceTier: tier?.toLowerCase() || null };
}
