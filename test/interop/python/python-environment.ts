import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { keptBetweenRuns } from "../kept-between-runs.ts";

const run = promisify(execFile);
const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");
const CACHE = join(import.meta.dirname, "../../../node_modules/.cache/quotel-interop");

/**
 * An interpreter with exactly the packages of `requirements.txt`, kept between runs. Throws, saying what is missing, on
 * a machine without python3 or where the packages cannot be installed: a suite without its peer has tested nothing.
 */
export async function pythonEnvironment(): Promise<string> {
  const identity = await output("python3", ["-c", "import sys; print(sys.base_prefix, sys.version)"]);
  const requirements = await readFile(REQUIREMENTS, "utf8");
  const hash = createHash("sha256").update(identity).update(requirements).digest("hex").slice(0, 16);
  const folder = await keptBetweenRuns({ cache: CACHE, name: "python", hash, make: install });
  return join(folder, "bin", "python");
}

async function install(draft: string): Promise<string> {
  await output("python3", ["-m", "venv", draft]);
  const pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
  await output(join(draft, "bin", "python"), [...pip, "--no-deps", "--requirement", REQUIREMENTS]);
  return draft;
}

async function output(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(program, args)).stdout;
  } catch (error) {
    throw new Error(
      `The interop tests need python3 (3.10 or newer) with venv and pip; this failed: ${program} ${args.join(" ")}`,
      { cause: error },
    );
  }
}
