// Runs after `npm install` (see package.json): builds what app developers would install. Plain JavaScript, because it may
// be run by a Node that cannot strip types; and it passes where the compiler was not installed (`--omit=dev`).
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const compiler = join(import.meta.dirname, "node_modules/typescript/bin/tsc");
const instrumentation = join(import.meta.dirname, "instrumentation");

if (existsSync(compiler) && existsSync(join(import.meta.dirname, "node_modules/esbuild"))) {
  rmSync(join(instrumentation, "dist"), { recursive: true, force: true });
  for (const room of ["conventions", "instrumentation"]) {
    execFileSync(process.execPath, [compiler, "-p", join(import.meta.dirname, room)], { stdio: "inherit" });
  }
  const entries = Object.values(readPackage().exports);
  removeInnerDeclarations(entries.map(({ types }) => types));
  await bundle(entries.map((entry) => entry["quotel-source"]));
  // What `npx quotel-doctor` runs and what it loads into the app: apart, or `register` would be cut up for their sake.
  await bundle(["src/doctor/main.ts", "src/doctor/app/observe.ts"]);
} else {
  console.log("dev dependencies are absent: conventions/ and instrumentation/ are not built");
}

/** One file for each entry and what they share: an app's start waits for every module that has to be found and read. */
async function bundle(entries) {
  const { build } = await import("esbuild");
  await build({
    entryPoints: entries.map((file) => join(instrumentation, file)),
    conditions: ["quotel-source"],
    external: Object.keys(readPackage().peerDependencies ?? {}),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.15",
    sourcemap: true,
    sourcesContent: false, // `src` is in the package, too
    minifyWhitespace: true,
    chunkNames: "chunks/[name]-[hash]",
    outbase: join(instrumentation, "src"),
    outdir: join(instrumentation, "dist"),
    logLevel: "warning",
  });
}

/** Removes the types that no entry's types lead to: nobody can import what they declare. */
function removeInnerDeclarations(entries) {
  const reached = new Set();
  const reach = (file) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const [, to] of readFileSync(file, "utf8").matchAll(/"(\.{1,2}\/[^"]+)\.ts"/g)) {
      reach(join(dirname(file), `${to}.d.ts`));
    }
  };
  for (const entry of entries) reach(join(instrumentation, entry));
  const dist = join(instrumentation, "dist");
  const files = readdirSync(dist, { recursive: true }).map((file) => join(dist, file));
  for (const file of files) if (file.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
}

function readPackage() {
  return JSON.parse(readFileSync(join(instrumentation, "package.json"), "utf8"));
}
