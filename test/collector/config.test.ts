import { expect, test } from "vitest";
import { readConfig } from "../../collector/config.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../../collector/normalise/tenant/tenant-attributes.ts";

test("the collector's configuration has a default for everything", () => {
  expect(readConfig({})).toEqual({
    kind: "config",
    config: {
      host: "127.0.0.1",
      port: 4318,
      grpcPort: 4317,
      bodyBytesMax: 20 * 1024 * 1024,
      inFlightBytesMax: 256 * 1024 * 1024,
      requestTimeoutMs: 60_000,
      answerWithinMs: 8_000,
      shutdownTimeoutMs: 10_000,
      databaseUrl: null,
      dataDir: ".quotel",
      ingestKey: null,
      defaultPlan: "trial",
      tenantAttributes: DEFAULT_TENANT_ATTRIBUTES,
      prepared: true,
    },
  });
});

test("all of the collector's configuration problems are reported at once, without the password", () => {
  const read = readConfig({
    QUOTEL_COLLECTOR_PORT: "70000",
    QUOTEL_COLLECTOR_BODY_MIB: "big",
    QUOTEL_COLLECTOR_IN_FLIGHT_MIB: "0",
    QUOTEL_INGEST_KEY: "secret",
    QUOTEL_PREPARED: "maybe",
    QUOTEL_TENANT_ATTRIBUTES: "org.id,",
    DATABASE_URL: "mysql://user:secret@db/x",
  });
  if (read.kind === "config") throw new Error("accepted");
  expect(read.problems.map((problem) => problem.split(/[ =]/)[0])).toEqual([
    "DATABASE_URL",
    "QUOTEL_INGEST_KEY",
    "QUOTEL_PREPARED",
    "QUOTEL_TENANT_ATTRIBUTES",
    "QUOTEL_COLLECTOR_PORT",
    "QUOTEL_COLLECTOR_BODY_MIB",
    "QUOTEL_COLLECTOR_IN_FLIGHT_MIB",
  ]);
  expect(read.problems.join()).not.toContain("secret");
});

test("the plan none means that tenants must be registered", () => {
  expect(readConfig({ QUOTEL_DEFAULT_PLAN: "none", QUOTEL_PREPARED: "off" })).toMatchObject({
    config: { defaultPlan: null, prepared: false },
  });
});

test("the in-flight bound must hold a body and its unpacked twin", () => {
  expect(readConfig({ QUOTEL_COLLECTOR_BODY_MIB: "20", QUOTEL_COLLECTOR_IN_FLIGHT_MIB: "39" }).kind).toBe("invalid");
  expect(readConfig({ QUOTEL_COLLECTOR_BODY_MIB: "20", QUOTEL_COLLECTOR_IN_FLIGHT_MIB: "40" }).kind).toBe("config");
});

test("the gRPC port is 4317, the one named, any free one beside a free HTTP port, or off", () => {
  expect(readConfig({})).toMatchObject({ config: { grpcPort: 4317 } });
  expect(readConfig({ QUOTEL_GRPC_PORT: "4400" })).toMatchObject({ config: { grpcPort: 4400 } });
  expect(readConfig({ QUOTEL_GRPC_PORT: "0" })).toMatchObject({ config: { grpcPort: 0 } });
  expect(readConfig({ QUOTEL_COLLECTOR_PORT: "0" })).toMatchObject({ config: { port: 0, grpcPort: 0 } });
  expect(readConfig({ QUOTEL_GRPC_PORT: "off" })).toMatchObject({ config: { grpcPort: null } });
  expect(readConfig({ QUOTEL_GRPC_PORT: "on" })).toMatchObject({ kind: "invalid" });
});
