/**
 * Preloaded into a process under test: writes down which environment variables it looks at, one name a line, in the file
 * that RECORD_VARIABLES_IN names. Copying the whole environment is not looking at any of it.
 */
import { appendFileSync } from "node:fs";

const file = process.env["RECORD_VARIABLES_IN"];
// npm runs the scripts and looks at everything; it is not under test.
const underTest = process.argv[1] !== undefined && !/\bnpm(-cli\.js)?$/.test(process.argv[1]);

if (file !== undefined && underTest) {
  const seen = new Set<string>();
  // A copy asks for the descriptor of a property right before its value; who names a variable does not.
  let described: PropertyKey | null = null;
  process.env = new Proxy(process.env, {
    get: (env, name) => {
      if (typeof name === "string" && name !== described && !seen.has(name)) {
        seen.add(name);
        appendFileSync(file, `${name}\n`);
      }
      described = null;
      return Reflect.get(env, name) as unknown;
    },
    getOwnPropertyDescriptor: (env, name) => {
      described = name;
      return Reflect.getOwnPropertyDescriptor(env, name);
    },
  });
}
