import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { installedPackages } from "../installed-packages.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** One instrumentation, ready to run. */
export interface Column {
  readonly name: string;
  /** Its package, or none for ours, whose version is the repository's. */
  readonly version: string | null;
  /** Of the `openai` package, the newest that it supports. */
  readonly openai: string;
  /** The folder the app takes its packages from. */
  readonly packages: string;
  /** What is put before the app on Node's command line. */
  readonly args: readonly string[];
}

const PEERS = {
  opentelemetry: { name: "OpenTelemetry", package: "@opentelemetry/instrumentation-openai" },
  openllmetry: { name: "OpenLLMetry", package: "@traceloop/instrumentation-openai" },
  openinference: { name: "OpenInference", package: "@arizeai/openinference-instrumentation-openai" },
  openlit: { name: "OpenLIT", package: "openlit" },
};

/** Ours and, installed where they are not yet, all others. */
export async function allColumns(): Promise<Column[]> {
  const ours: Column = {
    name: "quotel",
    version: null,
    openai: await versionOf(ROOT, "openai"),
    packages: ROOT,
    args: ["-C", "quotel-source", "--import", "@quotel/instrumentation/register"],
  };
  const peers = Object.entries(PEERS).map(async ([folder, peer]): Promise<Column> => {
    const packages = await installedPackages(`side-by-side/peers/${folder}`);
    return {
      name: peer.name,
      version: `\`${peer.package}\` ${await versionOf(packages, peer.package)}`,
      openai: await versionOf(packages, "openai"),
      packages,
      args: ["--require", join(import.meta.dirname, "peers", folder, "setup.cjs")],
    };
  });
  return [ours, ...(await Promise.all(peers))];
}

async function versionOf(packages: string, name: string): Promise<string> {
  const file = await readFile(join(packages, "node_modules", name, "package.json"), "utf8");
  const { version }: { version: string } = JSON.parse(file);
  return version;
}
