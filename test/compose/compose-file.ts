import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

export const ROOT = join(import.meta.dirname, "../..");

/** What the tests look at in a service of docker-compose.yml, with the defaults of its variables filled in. */
interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export type Services = Readonly<Record<string, Service>>;

/** Reads docker-compose.yml as compose would with an empty environment. */
export async function readServices(): Promise<Services> {
  const file = parse(withDefaults(await readText("docker-compose.yml")), { merge: true }) as { services: Services };
  return file.services;
}

/** The text of a file, by its path in the repository. */
export function readText(path: string): Promise<string> {
  return readFile(join(ROOT, path), "utf8");
}

/** The environment of a service; throws where the file has no such service. */
export function environmentOf(services: Services, name: string): Readonly<Record<string, string>> {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service.environment ?? {};
}

/** `${NAME:-default}` -> `default`. Throws where a variable has none: `docker compose up` has to work as it is. */
function withDefaults(text: string): string {
  return text.replaceAll(/\$\{(\w+)(?::-([^}]*))?\}/g, (_text, name: string, fallback: string | undefined) => {
    if (fallback === undefined) throw new Error(`docker-compose.yml: ${name} has no default`);
    return fallback;
  });
}
