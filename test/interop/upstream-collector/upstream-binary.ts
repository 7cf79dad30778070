import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { keptBetweenRuns } from "../kept-between-runs.ts";

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
  return keptBetweenRuns({
    cache: join(dirname(cache!), "quotel-interop"),
    name: "upstream-collector",
    hash: key.digest("hex").slice(0, 16),
    make: build,
  });
}

async function build(draft: string): Promise<string> {
  const output = join(draft, "upstream-collector");
  await go(["build", "-C", PROGRAM, "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", output, "."]);
  return output;
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
