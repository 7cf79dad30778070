import type { Behaviour } from "../providers/script.ts";
import type { SdkCall } from "./sdk-call.ts";

/** A way for a call to go, of the provider's or the app's doing, and what its attempts must then be recorded as. */
export interface Fault {
  readonly name: string;
  readonly mode: "json" | "stream";
  readonly behaviour: Behaviour;
  /** What the app does; what it throws is its own affair. */
  use(call: SdkCall, model: string): Promise<unknown>;
  /** `status usage-source` of each attempt. */
  readonly attempts: readonly string[];
}

const PROVIDER = "ok provider";
const PARTIAL = "ok partial";

const ask = (call: SdkCall, model: string) => call.json!(model);
const readAll = async (call: SdkCall, model: string) => collect(await call.stream!(model));

const JSON_FAULTS: readonly Omit<Fault, "mode">[] = [
  { name: "normal", behaviour: "normal", use: ask, attempts: [PROVIDER] },
  { name: "retried", behaviour: "fails_once", use: ask, attempts: ["failed none", PROVIDER] },
  { name: "refused", behaviour: "overloaded", use: ask, attempts: ["failed none", "failed none"] },
  {
    name: "timed out",
    behaviour: "silent",
    use: (call, model) => call.json!(model, AbortSignal.timeout(300)),
    attempts: ["failed none"],
  },
  { name: "cut", behaviour: "cut_json", use: ask, attempts: ["failed none"] },
];

const STREAM_FAULTS: readonly Omit<Fault, "mode">[] = [
  { name: "normal", behaviour: "normal", use: readAll, attempts: [PROVIDER] },
  { name: "retried", behaviour: "fails_once", use: readAll, attempts: ["failed none", PROVIDER] },
  { name: "left by break", behaviour: "normal", use: readThree, attempts: [PROVIDER] },
  { name: "left by abort", behaviour: "normal", use: abortAfterThree, attempts: [PROVIDER] },
  { name: "never consumed", behaviour: "normal", use: openOnly, attempts: [PROVIDER] },
  { name: "cut before its usage", behaviour: "cut_before_usage", use: readAll, attempts: ["failed partial"] },
  { name: "cut after its usage", behaviour: "cut_after_usage", use: readAll, attempts: [PROVIDER] },
  {
    name: "hanging and left by break",
    behaviour: "hangs",
    use: readThree,
    attempts: [PARTIAL],
  },
  { name: "hanging and timed out", behaviour: "hangs", use: abortWhenIdle, attempts: [PARTIAL] },
  { name: "broken off by an error", behaviour: "error_in_stream", use: readAll, attempts: ["failed partial"] },
];

export const FAULTS: readonly Fault[] = [
  ...JSON_FAULTS.map((fault) => ({ mode: "json" as const, ...fault })),
  ...STREAM_FAULTS.map((fault) => ({ mode: "stream" as const, ...fault })),
];

/** What a use came to: its result, or the error it threw, as far as a caller can tell errors apart. */
export async function outcomeOf(use: Promise<unknown>): Promise<unknown> {
  try {
    return { result: await use };
  } catch (error) {
    if (!(error instanceof Error)) return { error };
    const { name, message, constructor, cause } = error;
    const { status, code } = error as { status?: unknown; code?: unknown };
    return {
      name,
      message,
      type: constructor.name,
      cause: cause instanceof Error ? cause.message : cause,
      status,
      code,
    };
  }
}

async function collect(items: AsyncIterable<unknown>, most = Infinity): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) if (all.push(item) === most) break;
  return all;
}

async function readThree(call: SdkCall, model: string): Promise<unknown> {
  return collect(await call.stream!(model), 3);
}

async function openOnly(call: SdkCall, model: string): Promise<unknown> {
  const stream = await call.stream!(model);
  return [stream.constructor.name, Object.getOwnPropertyNames(stream)];
}

async function abortAfterThree(call: SdkCall, model: string): Promise<unknown> {
  const controller = new AbortController();
  const seen: unknown[] = [];
  for await (const item of await call.stream!(model, controller.signal)) {
    if (seen.push(item) === 3) controller.abort();
  }
  return "ended";
}

/** Reads what comes, and gives up when nothing has come for a while. */
async function abortWhenIdle(call: SdkCall, model: string): Promise<unknown> {
  const controller = new AbortController();
  const seen: unknown[] = [];
  let idle: NodeJS.Timeout | undefined;
  for await (const item of await call.stream!(model, controller.signal)) {
    seen.push(item);
    clearTimeout(idle);
    idle = setTimeout(() => controller.abort(), 150);
  }
  return seen;
}
