import type { TestProject } from "vitest/node";
import { join } from "node:path";
import { installedPackages } from "./installed-packages.ts";
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
      /** Node by its major version. */
      readonly nodes: Readonly<Record<"22" | "24" | "26", string>>;
    };
  }
}

/** Makes every peer ready, once per run and before any test; one that cannot be had fails the run. */
export default async function setup(project: TestProject): Promise<void> {
  const [python, upstreamCollector, openTelemetry2, node22, node26] = await Promise.all([
    pythonEnvironment(),
    upstreamBinary(),
    installedPackages("opentelemetry-2"),
    nodeOf("matrix/node-22"),
    nodeOf("matrix/node-26"),
    installedPackages("matrix/apps"),
  ]);
  // Ours is the version that the tests run on.
  const nodes = { "22": node22, "24": process.execPath, "26": node26 };
  project.provide("peers", { python, upstreamCollector, openTelemetry2, nodes });
}

/** The program of a folder whose package is Node itself, which it fetches when it is installed. */
async function nodeOf(peer: string): Promise<string> {
  return join(await installedPackages(peer, { scripts: true }), "node_modules/.bin/node");
}
