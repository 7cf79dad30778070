/**
 * An app that makes one use of the `openai` package and ends. `PACKAGES` is the folder it takes its packages from, as CommonJS,
 * which every instrumentation supports. What the use came to is written to the file `OUTCOME`.
 *
 * With `TRACES` it happens once for each of these trace ids, as if a request of that trace were served; with `EXIT` the app
 * ends by `process.exit()` in the same turn.
 */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type * as Api from "@opentelemetry/api";
import type * as OpenAiPackage from "openai";
import { outcomeOf } from "../../../instrumentation/sdks/faults.ts";
import { USES } from "./uses.ts";
import type { Use } from "./uses.ts";

const { PACKAGES, PROVIDER_URL, USE, OUTCOME, TRACES, EXIT } = process.env;
const require = createRequire(`${PACKAGES}/`);
const { default: OpenAI }: typeof OpenAiPackage = require("openai");
const { ROOT_CONTEXT, context, trace }: typeof Api = require("@opentelemetry/api");

const uses: Readonly<Record<string, Use>> = USES;
const use = uses[USE!]!;
const client = new OpenAI({ apiKey: "k", baseURL: `${PROVIDER_URL}/v1`, maxRetries: 1 });

/** One that another service has begun and whose sampling is left to this one. */
function inTrace(traceId: string): Promise<unknown> {
  const parent = { traceId, spanId: "1".repeat(16), traceFlags: 0, isRemote: true };
  return context.with(trace.setSpanContext(ROOT_CONTEXT, parent), () => use(client));
}

async function run(): Promise<unknown> {
  if (TRACES === undefined) return use(client);
  const results: unknown[] = [];
  for (const traceId of TRACES.split(",")) results.push(await inTrace(traceId));
  return results;
}

const outcome = await outcomeOf(run());
writeFileSync(OUTCOME!, JSON.stringify(outcome));
if (EXIT !== undefined) process.exit(0);
