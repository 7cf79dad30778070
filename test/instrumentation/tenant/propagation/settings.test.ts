import { expect, test } from "vitest";

import { hostnameOf } from "../../../../instrumentation/src/tenant/propagation/hostname.ts";
import { readPropagation } from "../../../../instrumentation/src/tenant/propagation/settings.ts";

const KEY = "k".repeat(32);

test("without a key tenants do not travel", () => {
  expect(readPropagation({})).toEqual({ kind: "valid", settings: null });
  expect(readPropagation({ QUOTEL_PROPAGATE_HOSTS: "", QUOTEL_PROPAGATION_KEY: " , " })).toEqual({
    kind: "valid",
    settings: null,
  });
});

test("hosts, keys and audience of propagation are lists", () => {
  const env = {
    QUOTEL_PROPAGATE_HOSTS: "svc.internal,*.mesh:8080,!bad.mesh",
    QUOTEL_PROPAGATION_KEY: `${KEY}, ${KEY}2`,
    QUOTEL_PROPAGATION_AUDIENCE: "SVC.internal:8080,[::1]",
  };
  expect(readPropagation(env)).toEqual({
    kind: "valid",
    settings: {
      hosts: { allowed: ["svc.internal", "*.mesh:8080"], denied: ["bad.mesh"] },
      keys: [KEY, `${KEY}2`],
      audience: ["svc.internal", "[::1]"],
    },
  });
});

test("all that is wrong with the settings of propagation is told at once, and no secret", () => {
  const env = { QUOTEL_PROPAGATE_HOSTS: "a b", QUOTEL_PROPAGATION_KEY: "short", QUOTEL_PROPAGATION_AUDIENCE: "a/b" };
  const result = readPropagation(env);
  expect(result).toMatchObject({
    problems: [
      expect.stringContaining("HOSTS"),
      expect.stringContaining("_KEY"),
      expect.stringContaining("AUDIENCE"),
    ] as unknown,
  });
  expect(JSON.stringify(result)).not.toContain("short");
  expect(readPropagation({ QUOTEL_PROPAGATE_HOSTS: "svc" })).toMatchObject({
    problems: [expect.stringContaining("needs QUOTEL_PROPAGATION_KEY")] as unknown,
  });
});

test("a host's name has no port and is written as in URLs; what is more than a host has none", () => {
  expect(hostnameOf("SVC.internal:8080")).toBe("svc.internal");
  expect(hostnameOf("[::1]:80")).toBe("[::1]");
  for (const none of ["", "a/b", "a@b", "a?b", "a b", "a:b"]) expect(hostnameOf(none), none).toBeNull();
});
