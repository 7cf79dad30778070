import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

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
  const key = createHash("sha256").update(identity).update(requirements).digest("hex").slice(0, 16);
  const folder = join(CACHE, `python-${key}`);
  const interpreter = join(folder, "bin", "python");
  if (!(await exists(interpreter))) await install(folder);
  return interpreter;
}

/** Made beside its place and then moved there, so that one that was interrupted is never taken for a whole one. */
async function install(folder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  try {
    await output("python3", ["-m", "venv", draft]);
    const pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
    await output(join(draft, "bin", "python"), [...pip, "--no-deps", "--requirement", REQUIREMENTS]);
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
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

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
