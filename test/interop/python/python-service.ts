import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { INGEST_KEY } from "../collector-process.ts";
import type { Totals } from "../stored-usage.ts";

/** What emit.py prints at its end. */
export interface ServiceReport {
  readonly totals: Totals;
  /** Model calls and server requests, of whatever outcome: each is one row of the ledger. */
  readonly events: number;
  readonly failedExports: number;
  readonly warnings: number;
}

export interface PythonService {
  /** Makes it stop serving; it then delivers what it has. */
  readonly stop: () => void;
  readonly report: Promise<ServiceReport>;
}

/** Runs emit.py, whose SDK is told where to export as any service is: by the standard environment variables. */
export function startPythonService(
  interpreter: string,
  collectorUrl: string,
  args: readonly string[] = [],
): PythonService {
  const child = spawn(interpreter, [join(import.meta.dirname, "emit.py"), ...args], {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${INGEST_KEY}`,
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      // Seconds, to the Python SDK: how long it tries again.
      OTEL_EXPORTER_OTLP_TIMEOUT: "60",
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "64",
      // It drops what does not fit, and nobody could tell that from a loss of ours.
      OTEL_BSP_MAX_QUEUE_SIZE: "1000000",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const report = reportOf(child.stdout, child.stderr, once(child, "close"));
  // A test that has failed before it asks is told that, not this.
  report.catch(() => {});
  return { stop: () => child.stdin.end(), report };
}

async function reportOf(
  stdout: NodeJS.ReadableStream,
  stderr: NodeJS.ReadableStream,
  ended: Promise<unknown[]>,
): Promise<ServiceReport> {
  const [printed, complaints, [code]] = await Promise.all([text(stdout), text(stderr), ended]);
  if (code !== 0) throw new Error(`emit.py ended with ${String(code)}:\n${complaints}`);
  return JSON.parse(printed) as ServiceReport;
}
