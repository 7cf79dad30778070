import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { inject, onTestFinished } from "vitest";
import { INGEST_KEY } from "../collector/collector-process.ts";
import type { Levels } from "../collector/stored-levels.ts";
import type { Change } from "../collector/stored-audit.ts";
import type { Usage } from "../collector/stored-usage.ts";
import type { Protocol, Receiver } from "../protocol.ts";

/** How its exports went, as the SDK tells it. */
interface Exports {
  readonly failedExports: number;
  /** What the SDK complained about, such as a receiver it had to call again. */
  readonly warnings: number;
}

/** The programs, and what each prints at its end: its own books. */
interface Reports {
  readonly usage: Usage & Exports;
  readonly levels: Exports & { readonly levels: Levels };
  readonly audit: Exports & { readonly changes: readonly Change[] };
}

export interface PythonProgram<Report> {
  /** Makes it stop working; it then delivers what it has. */
  readonly stop: () => void;
  readonly report: Promise<Report>;
}

/** Runs a program whose SDK is told where to export as any is: by the standard environment variables. */
export function startPython<Name extends keyof Reports>(
  name: Name,
  { urls }: Receiver,
  protocol: Protocol,
  args: readonly string[] = [],
): PythonProgram<Reports[Name]> {
  const program = `${name}.py`;
  const child = spawn(inject("peers").python, [join(import.meta.dirname, "programs", program), ...args], {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: urls[protocol],
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${INGEST_KEY}`,
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      // Seconds, to the Python SDK: how long it tries again.
      OTEL_EXPORTER_OTLP_TIMEOUT: "60",
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "64",
      // It drops what does not fit, and nobody could tell that from a loss of ours.
      OTEL_BSP_MAX_QUEUE_SIZE: "1000000",
      PYTHONDONTWRITEBYTECODE: "1",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const report = reportOf<Reports[Name]>(program, child.stdout, child.stderr, once(child, "close"));
  // A test that has failed before it asks is told that, not this.
  report.catch(() => {});
  return { stop: () => child.stdin.end(), report };
}

async function reportOf<Report>(
  program: string,
  stdout: NodeJS.ReadableStream,
  stderr: NodeJS.ReadableStream,
  ended: Promise<unknown[]>,
): Promise<Report> {
  const [printed, complaints, [code]] = await Promise.all([text(stdout), text(stderr), ended]);
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}:\n${complaints}`);
  return JSON.parse(printed) as Report;
}
