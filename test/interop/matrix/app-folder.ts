import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { installedPackages } from "../installed-packages.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../../..");
const OURS = ["conventions", "instrumentation"];

export interface AppFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** The apps in a folder of their own, built, with our packages as they would be published. */
export async function appFolder(): Promise<AppFolder> {
  const packages = await installedPackages("matrix/apps");
  const path = await mkdtemp(join(packages, "run-"));
  await cp(join(import.meta.dirname, "apps"), path, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) await rm(join(path, file));
  await unpackOurs(path);
  const bin = join(packages, "node_modules/.bin");
  const bundling = [
    "chat.ts",
    "--bundle",
    "--platform=node",
    "--format=cjs",
    "--outfile=bundle.cjs",
    "--log-level=error",
  ];
  await run(join(bin, "esbuild"), bundling, { cwd: path });
  await run(join(bin, "next"), ["build"], {
    cwd: join(path, "next"),
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Packs our packages and unpacks them where the apps find them. */
async function unpackOurs(folder: string): Promise<void> {
  const workspaces = OURS.map((name) => `--workspace=${name}`);
  await run("npm", ["pack", ...workspaces, "--pack-destination", folder], { cwd: ROOT });
  const tarballs = await readdir(folder);
  for (const name of OURS) {
    const tarball = tarballs.find((file) => file.startsWith(`quotel-${name}-`) && file.endsWith(".tgz"));
    if (tarball === undefined) throw new Error(`npm packed no ${name}: ${tarballs.join(", ")}`);
    const target = join(folder, "node_modules/@quotel", name);
    await mkdir(target, { recursive: true });
    await run("tar", ["-xzf", join(folder, tarball), "-C", target, "--strip-components=1"]);
  }
}
