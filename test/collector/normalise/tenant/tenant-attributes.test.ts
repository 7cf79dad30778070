import fc from "fast-check";
import { expect, test } from "vitest";
import {
  DEFAULT_TENANT_ATTRIBUTES,
  readTenantAttributes,
} from "../../../../collector/normalise/tenant/tenant-attributes.ts";

function namesIn(list: string | null): readonly string[] {
  const read = readTenantAttributes(list);
  if (read.kind === "invalid") throw new Error(read.problems.join());
  return read.attributes.names;
}

function problemsOf(list: string): readonly string[] {
  const read = readTenantAttributes(list);
  return read.kind === "invalid" ? read.problems : [];
}

test("a list of tenant attributes replaces the default one, and quotel.tenant.id stays the first", () => {
  expect(namesIn("org.id, workspace_id")).toEqual(["quotel.tenant.id", "org.id", "workspace_id"]);
  expect(namesIn("quotel.tenant.id,org.id")).toEqual(["quotel.tenant.id", "org.id"]);
  expect(namesIn("quotel.tenant.id")).toEqual(["quotel.tenant.id"]);
  expect(namesIn(null)).toEqual(DEFAULT_TENANT_ATTRIBUTES.names);
});

test.each([
  ["org.id,,x", ["has an empty name"]],
  ["org.id,x,org.id,org.id", ["names org.id twice"]],
  ["org.id,quotel.tenant.id", ["has quotel.tenant.id in a later place: it is always the first"]],
  ["org id,b\u0000", ['has "org id", which is no attribute\'s name', 'has "b\\u0000", which is no attribute\'s name']],
  ["x".repeat(257), ["has a name of more than 256 characters"]],
  [Array.from({ length: 32 }, (_, index) => `a${index}`).join(), ["has more than 32 names"]],
])("a wrong list of tenant attributes is refused with every reason: %j", (list, problems) => {
  expect(problemsOf(list)).toEqual(problems);
});

test("any list of distinct names is taken as it is, after quotel.tenant.id", () => {
  const name = fc.stringMatching(/^[!-+\--~]{1,40}$/).filter((it) => it !== "quotel.tenant.id");
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 31 }), (names) => {
      expect(namesIn(names.join(", "))).toEqual(["quotel.tenant.id", ...names]);
    }),
  );
});
