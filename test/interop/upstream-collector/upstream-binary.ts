import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, "program");

/**
 * The upstream Collector, built from the Go modules that `program/` names and kept beside Go's own cache, where another
 * checkout finds it too. Throws, saying what is missing, where it cannot be built: a suite without its peer has tested
 * nothing.
 */
export async function upstreamBinary(): Promise<string> {
  const [cache, ...target] = (await go(["env", "GOCACHE", "GOVERSION", "GOOS", "GOARCH"])).trimEnd().split("\n");
  const sources = await Promise.all(["main.go", "go.mod", "go.sum"].map((file) => readFile(join(PROGRAM, file))));
  const key = createHash("sha256").update(target.join(" "));
  for (const source of sources) key.update(source);
  const folder = join(dirname(cache!), "quotel-interop");
  const binary = join(folder, `upstream-collector-${key.digest("hex").slice(0, 16)}`);
  if (!(await exists(binary))) await build(folder, binary);
  return binary;
}

/** Made beside its place and then moved there, so that one that was interrupted is never taken for a whole one. */
async function build(folder: string, binary: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draft = await mkdtemp(`${binary}-`);
  try {
    const output = join(draft, "upstream-collector");
    await go(["build", "-C", PROGRAM, "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", output, "."]);
    await rename(output, binary);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function go(args: readonly string[]): Promise<string> {
  try {
    // Without cgo no C compiler is needed, and a workspace around the checkout is none of its business.
    const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
    return (await run("go", args, { env })).stdout;
  } catch (error) {
    throw new Error(`The interop tests need Go 1.26 and its modules; this failed: go ${args.join(" ")}`, {
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
