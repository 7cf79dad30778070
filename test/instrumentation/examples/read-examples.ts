import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Declares names of the app's own, which examples use without saying where they come from. */
export const APP_NAMES = new URL("./app-names.txt", import.meta.url);

/** Code that the documentation shows. */
export interface Example {
  /** File and line, to find it by. */
  readonly where: string;
  /** A whole module. */
  readonly module: string;
  /** It uses nothing but what the package exports and what it imports itself: it can be run. */
  readonly isWhole: boolean;
}

const INSTRUMENTATION = join(import.meta.dirname, "../../../instrumentation");
const ENTRIES = ["", "/express", "/audit", "/plans", "/jwt", "/span-processor"].map(
  (path) => `@quotel/instrumentation${path}`,
);

/** Every example of the instrumentation: blocks of TypeScript in its README, and lines set in by five spaces in docstrings. */
export async function readExamples(): Promise<readonly Example[]> {
  const exportsOf = new Map<string, readonly string[]>();
  for (const entry of ENTRIES) exportsOf.set(entry, Object.keys((await import(entry)) as object));
  const appNames = [...(await readFile(APP_NAMES, "utf8")).matchAll(/^ {2}const (\w+)/gm)].map(([, name]) => name!);
  const examples: Example[] = [];
  for await (const file of glob(["README.md", "src/**/*.ts"], { cwd: INSTRUMENTATION })) {
    const text = await readFile(join(INSTRUMENTATION, file), "utf8");
    const blocks = file.endsWith(".md")
      ? text.matchAll(/^```ts\n([^]*?)^```/gm)
      : text.matchAll(/(?:^ {1,3}\* {5}.*\n)+/gm);
    for (const { 0: block, 1: fenced, index } of blocks) {
      const code = fenced ?? block.replaceAll(/^ {1,3}\* {5}/gm, "");
      const line = text.slice(0, index).split("\n").length;
      const isWhole = !appNames.some((name) => !isImported(code, name) && mentions(code, name));
      examples.push({ where: `${file}:${line}`, module: moduleOf(code, exportsOf), isWhole });
    }
  }
  return examples;
}

/** The code with imports of what it mentions; statements that are no module's are put into a function, so that they may return. */
function moduleOf(code: string, exportsOf: ReadonlyMap<string, readonly string[]>): string {
  const imports = [...exportsOf].map(([entry, names]) => {
    const used = names.filter((name) => mentions(code, name) && !isImported(code, name));
    return used.length === 0 ? "" : `import { ${used.join(", ")} } from "${entry}";\n`;
  });
  const isModule = /^(import|export) /m.test(code);
  return imports.join("") + (isModule ? code : `export async function example() {\n${code}}\nawait example();\n`);
}

function mentions(code: string, name: string): boolean {
  return new RegExp(`(?<![.\\w"/])${name}\\b(?!["/:])`).test(code);
}

function isImported(code: string, name: string): boolean {
  return new RegExp(`^(import .*|const )\\b${name}\\b`, "m").test(code);
}
