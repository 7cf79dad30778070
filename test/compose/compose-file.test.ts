import { access } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { generate } from "../../dashboards/generate.ts";
import { ROOT, environmentOf, readServices, readText } from "./compose-file.ts";

interface Package {
  readonly workspaces?: readonly string[];
  readonly name: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

const services = await readServices();
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);

test("the compose file names the database, the services, Grafana and the demo app", () => {
  expect(Object.keys(services)).toEqual(
    expect.arrayContaining(["postgres", "migrate", "collector", "quota-service", "grafana", "chat-api"]),
  );
});

test("the database compiles no plans, as the embedded one", () => {
  expect(services["postgres"]?.command).toEqual(["postgres", "-c", "jit=off"]);
});

test("every command is a script of a package that starts a file which exists", async () => {
  expect(ours.length).toBeGreaterThan(0);
  for (const [name, { command = [], build }] of ours) {
    expect(build, name).toBe(".");
    const { folder, scripts } = await packageOf(command);
    const script = scripts[command[2] ?? ""];
    expect(command.slice(0, 2), name).toEqual(["npm", "run"]);
    expect(script, `${name}: ${command.join(" ")}`).toMatch(/^node .*\.ts$/);
    await access(join(ROOT, folder, script?.split(" ").at(-1) ?? ""));
  }
});

test("ports are published on the host's loopback only", () => {
  const published = Object.values(services).flatMap(({ ports = [] }) => ports);
  expect(published.length).toBeGreaterThan(0);
  for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  expect(new Set(published.map((port) => port.split(":")[1])).size).toBe(published.length);
});

test("nobody but the migration knows the superuser's login", () => {
  const { POSTGRES_USER = "", POSTGRES_PASSWORD = "" } = environmentOf(services, "postgres");
  expect(POSTGRES_PASSWORD).not.toBe("");
  for (const [name, { environment = {} }] of Object.entries(services)) {
    if (name === "postgres" || name === "migrate") continue;
    for (const value of Object.values(environment)) {
      expect(value, name).not.toContain(POSTGRES_USER);
      expect(value, name).not.toContain(POSTGRES_PASSWORD);
    }
  }
});

test("every default secret says that it is for development, and no two are the same", () => {
  const urls = Object.values(environmentOf(services, "migrate")).map((url) => new URL(url).password);
  const keys = ["collector", "quota-service", "chat-api"].flatMap((name) =>
    Object.entries(environmentOf(services, name)).flatMap(([key, value]) =>
      /^QUOTEL_\w+_KEY$/.test(key) ? [value] : [],
    ),
  );
  const secrets = new Set([...urls, ...keys]);
  expect(secrets.size).toBe(6);
  for (const secret of secrets) expect(secret).toMatch(/^development-only-/);
});

test("Grafana's provisioning uses exactly the variables that its container is given", async () => {
  const environment = Object.keys(environmentOf(services, "grafana")).filter((name) => name.startsWith("QUOTEL_"));
  const provisioning = await readText("dashboards/provisioning/datasources/quotel.yaml");
  const used = [...provisioning.matchAll(/\$(\w+)/g)].map(([, name = ""]) => name);
  expect(environment.sort()).toEqual(used.sort());
});

test("Grafana reads the generated dashboards from where they are mounted", async () => {
  const { volumes = [], environment = {} } = services["grafana"] ?? {};
  const mounts = new Map(volumes.map((volume) => [volume.split(":")[1], volume.split(":")[0]]));
  const provider = parse(await readText("dashboards/provisioning/dashboards/quotel.yaml")) as {
    providers: { options: { path: string } }[];
  };
  for (const { options } of provider.providers) expect(mounts.get(options.path)).toBe("./dashboards/generated");
  expect(mounts.get("/etc/grafana/provisioning")).toBe("./dashboards/provisioning");
  const home = environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]?.replace("/etc/quotel/dashboards/", "");
  expect([...generate().keys()]).toContain(home);
});

test("Grafana is pinned to a version that knows the schema of the dashboards", async () => {
  const [, major, minor] = /^grafana\/grafana:(\d+)\.(\d+)\.\d+$/.exec(services["grafana"]?.image ?? "") ?? [];
  for (const text of generate().values()) {
    expect((JSON.parse(text) as { schemaVersion: number }).schemaVersion).toBe(42);
  }
  // 42 came with 12.2.
  expect(Number(major) * 100 + Number(minor)).toBeGreaterThanOrEqual(1202);
});

test("the image has the project's Node version and does not run as root", async () => {
  const dockerfile = await readText("Dockerfile");
  const major = (await readText(".node-version")).trim().split(".")[0];
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(new Set(bases)).toEqual(new Set([`node:${major}-slim`]));
  expect(/^USER (\w+)$/m.exec(dockerfile)?.[1]).toBe("node");
  expect(dockerfile.indexOf("USER node")).toBeLessThan(dockerfile.indexOf("\nCMD"));
});

test("the image copies the manifest of every workspace before it installs", async () => {
  const dockerfile = await readText("Dockerfile");
  const { workspaces = [] } = JSON.parse(await readText("package.json")) as Package;
  expect(workspaces.length).toBeGreaterThan(0);
  for (const workspace of workspaces) {
    const copies = dockerfile.split(`COPY ${workspace}/package.json ${workspace}/\n`).length - 1;
    expect(copies, workspace).toBe(dockerfile.split("RUN npm ci").length - 1);
  }
});

/** The package whose script a command runs: the root's, or that of `--workspace NAME`. */
async function packageOf(command: readonly string[]): Promise<{ folder: string; scripts: Record<string, string> }> {
  const root = JSON.parse(await readText("package.json")) as Package;
  const at = command.indexOf("--workspace");
  if (at === -1) return { folder: ".", scripts: root.scripts ?? {} };
  for (const folder of root.workspaces ?? []) {
    const { name, scripts = {} } = JSON.parse(await readText(join(folder, "package.json"))) as Package;
    if (name === command[at + 1]) return { folder, scripts };
  }
  throw new Error(`${command.join(" ")}: no such workspace`);
}
