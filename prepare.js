// Runs after `npm install` (see package.json): builds what app developers would install. Plain JavaScript, because it may
// be run by a Node that cannot strip types; and it passes where the compiler was not installed (`--omit=dev`).
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const compiler = join(import.meta.dirname, "node_modules/typescript/bin/tsc");
if (existsSync(compiler)) {
  for (const room of ["conventions", "instrumentation"]) {
    execFileSync(process.execPath, [compiler, "-p", join(import.meta.dirname, room)], { stdio: "inherit" });
  }
} else {
  console.log("dev dependencies are absent: conventions/ and instrumentation/ are not built");
}
