import type { TestProject } from "vitest/node";
import { installedPackages } from "./opentelemetry-2/installed-packages.ts";
import { pythonEnvironment } from "./python/python-environment.ts";
import { upstreamBinary } from "./upstream-collector/upstream-binary.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly peers: {
      /** An interpreter with the OpenTelemetry SDK. */
      readonly python: string;
      /** The upstream OpenTelemetry Collector. */
      readonly upstreamCollector: string;
      /** A package that depends on the 2.x line of OpenTelemetry's JavaScript SDK. */
      readonly openTelemetry2: string;
    };
  }
}

/** Makes every peer ready, once per run and before any test; one that cannot be had fails the run. */
export default async function setup(project: TestProject): Promise<void> {
  const [python, upstreamCollector, openTelemetry2] = await Promise.all([
    pythonEnvironment(),
    upstreamBinary(),
    installedPackages(),
  ]);
  project.provide("peers", { python, upstreamCollector, openTelemetry2 });
}
