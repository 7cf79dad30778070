import { expect, test } from "vitest";
import { readConfig } from "../../quota-service/config.ts";

test("an empty environment gives the defaults of the quota service", () => {
  const read = readConfig({});
  expect(read).toMatchObject({
    kind: "config",
    config: {
      host: "127.0.0.1",
      port: 4320,
      databaseUrl: null,
      dataDir: ".quotel",
      serviceKey: null,
      adminKey: null,
      plansFile: expect.stringMatching(/\/plans\.json$/),
      defaultPlan: "trial",
      prepared: true,
    },
  });
  expect(readConfig({ QUOTEL_QUOTA_PORT: "", QUOTEL_SERVICE_KEY: "", DATABASE_URL: "" })).toEqual(read);
});

test("every setting of the quota service is read from its variable", () => {
  const env = {
    QUOTEL_HOST: "0.0.0.0",
    QUOTEL_QUOTA_PORT: "8080",
    DATABASE_URL: "postgres://writer@db/quotel",
    QUOTEL_DATA_DIR: "/data",
    QUOTEL_SERVICE_KEY: "one",
    QUOTEL_ADMIN_KEY: "two",
    QUOTEL_PLANS: "/etc/plans.json",
    QUOTEL_DEFAULT_PLAN: "none",
    QUOTEL_PREPARED: "off",
  };
  expect(readConfig(env)).toEqual({
    kind: "config",
    config: {
      host: "0.0.0.0",
      port: 8080,
      databaseUrl: "postgres://writer@db/quotel",
      dataDir: "/data",
      serviceKey: "one",
      adminKey: "two",
      plansFile: "/etc/plans.json",
      defaultPlan: null,
      prepared: false,
    },
  });
});

test("all problems of the quota service's environment are named at once, and secrets are not repeated", () => {
  const read = readConfig({
    QUOTEL_QUOTA_PORT: "http",
    DATABASE_URL: "mysql://root:hunter2@db",
    QUOTEL_SERVICE_KEY: "with a space",
    QUOTEL_ADMIN_KEY: "with a space",
    QUOTEL_PREPARED: "maybe",
  });
  const problems = read.kind === "invalid" ? read.problems : [];
  for (const name of [
    "QUOTEL_QUOTA_PORT",
    "DATABASE_URL",
    "QUOTEL_SERVICE_KEY",
    "QUOTEL_ADMIN_KEY must not",
    "QUOTEL_PREPARED",
    "must differ",
  ]) {
    expect(problems.filter((problem) => problem.includes(name)).length, name).toBeGreaterThan(0);
  }
  expect(problems.join()).not.toMatch(/hunter2|with a space/);
});
