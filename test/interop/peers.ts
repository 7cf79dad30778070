import type { TestProject } from "vitest/node";
import { pythonEnvironment } from "./python/python-environment.ts";
import { upstreamBinary } from "./upstream-collector/upstream-binary.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly peers: {
      /** An interpreter with the OpenTelemetry SDK. */
      readonly python: string;
      /** The upstream OpenTelemetry Collector. */
      readonly upstreamCollector: string;
    };
  }
}

/** Makes every peer ready, once per run and before any test; one that cannot be had fails the run. */
export default async function setup(project: TestProject): Promise<void> {
  const [python, upstreamCollector] = await Promise.all([pythonEnvironment(), upstreamBinary()]);
  project.provide("peers", { python, upstreamCollector });
}
