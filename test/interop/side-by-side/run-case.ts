import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startOtlpReceiver } from "../../instrumentation/otlp-receiver.ts";
import type { ReceivedSpan } from "../../instrumentation/otlp-receiver.ts";
import { pause } from "../../instrumentation/providers/script.ts";
import { startScriptedProvider } from "../../instrumentation/providers/scripted-provider.ts";
import type { Case } from "./cases.ts";
import type { Column } from "./columns.ts";
import { recordedIn } from "./verdict.ts";

/** How long a restarted app is given to deliver what the one before left; whoever keeps nothing uses all of it. */
const PATIENCE_MS = 10_000;
const APP = join(import.meta.dirname, "app/main.ts");

/** What was to be seen of a case from outside of the app. */
export interface Observed {
  /** What the app got, how it ended and how often the provider was asked. */
  readonly app: { readonly outcome: unknown; readonly exitCode: number | null; readonly attempts: number };
  readonly spans: readonly ReceivedSpan[];
}

/**
 * One case as a process of its own, with a provider and a collector of its own; `args` empty = the bare app. It ends by
 * itself, so every instrumentation has the time it takes to deliver. Where the case is about what is left then, the app is
 * started a second time, and does nothing.
 */
export async function runCase(one: Case, packages: string, args: Column["args"]): Promise<Observed> {
  const [provider, receiver] = await Promise.all([startScriptedProvider(), startOtlpReceiver()]);
  const folder = await mkdtemp(join(tmpdir(), "quotel-side-by-side-"));
  const env = {
    PACKAGES: packages,
    PROVIDER_URL: provider.url,
    OUTCOME: join(folder, "outcome.json"),
    QUOTEL_ENDPOINT: receiver.url,
    QUOTEL_SPOOL_DIR: join(folder, "spool"),
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_METRICS_EXPORTER: "none",
    OTEL_LOGS_EXPORTER: "none",
  };
  try {
    if (one.collectorAway) receiver.script = () => ({ status: 503 });
    const exitCode = await runApp(args, { ...env, USE: one.use, ...settingsOf(one) });
    const outcome: unknown = await readFile(env.OUTCOME, "utf8").then(JSON.parse, () => "none");
    receiver.script = () => null;
    if (one.exits || one.collectorAway) {
      const delivered = () => recordedIn(receiver.spans, one.counted) >= one.billed;
      await runApp(args, { ...env, USE: "nothing" }, delivered);
    }
    return { app: { outcome, exitCode, attempts: provider.ledger.attempts }, spans: receiver.spans };
  } finally {
    await Promise.all([provider.close(), receiver.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

function settingsOf({ exits, traces }: Case): Record<string, string> {
  return {
    ...(exits && { EXIT: "1" }),
    ...(traces && {
      TRACES: traces.join(","),
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.1",
    }),
  };
}

/** Resolves to its exit code. Its stdin is closed once `done` is so, or patience is over. */
async function runApp(
  args: Column["args"],
  env: Readonly<Record<string, string>>,
  done: () => boolean = () => true,
): Promise<number | null> {
  const child = spawn(process.execPath, [...args, APP], {
    stdio: ["pipe", "ignore", "ignore"],
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  const ended: Promise<(number | null)[]> = once(child, "exit");
  const patience = performance.now() + PATIENCE_MS;
  while (!done() && performance.now() < patience) await pause(50);
  child.stdin.on("error", () => {}).end();
  const [exitCode] = await ended;
  return exitCode ?? null;
}
