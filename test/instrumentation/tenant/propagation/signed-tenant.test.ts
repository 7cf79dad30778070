import fc from "fast-check";
import { expect, test } from "vitest";

import { judgeSigned, signTenant } from "../../../../instrumentation/src/tenant/propagation/signed-tenant.ts";

const KEY = "the first secret of at least 32 characters";
const NEXT_KEY = "another secret of at least 32 characters";
const NOW = 1_767_225_600;
const here = { keys: [KEY], hosts: ["svc.internal"] };
const RUNS = { numRuns: Number(process.env["QUOTEL_TEST_RUNS"] ?? 500) };

test("a signed tenant holds for a minute, whichever clock is ahead", () => {
  const text = signTenant("acme", "svc.internal", KEY, NOW + 0.9);
  for (const at of [-60, 0, 60]) {
    expect(judgeSigned(text, here, NOW + at)).toEqual({ kind: "signed", tenantId: "acme" });
  }
  for (const at of [-61, 61, 86_400]) {
    expect(judgeSigned(text, here, NOW + at)).toEqual({ kind: "refused", reason: "expired" });
  }
});

test("a signed tenant holds at the host it is for, with any key that is accepted, and nowhere else", () => {
  const text = signTenant("acme", "svc.internal", KEY, NOW);
  const both = { keys: [NEXT_KEY, KEY], hosts: ["other.internal", "svc.internal"] };
  expect(judgeSigned(text, both, NOW)).toEqual({ kind: "signed", tenantId: "acme" });
  for (const elsewhere of [
    { ...here, hosts: ["other.internal"] },
    { ...here, keys: [NEXT_KEY] },
    { ...here, hosts: [] },
  ]) {
    expect(judgeSigned(text, elsewhere, NOW)).toEqual({ kind: "refused", reason: "forged" });
  }
});

test("what is not signed, sent twice or of another version is malformed", () => {
  const text = signTenant("acme", "svc.internal", KEY, NOW);
  for (const bad of ["", "acme", "v1;acme", `${text}, ${text}`, ` ${text}`, text.replace("v1", "v2"), `${text};`]) {
    expect(judgeSigned(bad, here, NOW), bad).toEqual({ kind: "refused", reason: "malformed" });
  }
});

const tenantId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/);
const host = fc.domain();

test("every tenant that may be named survives the signing", () => {
  const signed = fc.property(tenantId, host, (id, name) => {
    const text = signTenant(id, name, KEY, NOW);
    expect(judgeSigned(text, { keys: [KEY], hosts: [name] }, NOW)).toEqual({ kind: "signed", tenantId: id });
  });
  fc.assert(signed, RUNS);
});

test("no change of a signed tenant's text holds", () => {
  const changed = fc.property(tenantId, fc.nat(), fc.stringMatching(/^[ -~]{0,2}$/), (id, seed, by) => {
    const text = signTenant(id, "svc.internal", KEY, NOW);
    const at = seed % text.length;
    const other = text.slice(0, at) + by + text.slice(at + 1);
    fc.pre(other !== text);
    expect(judgeSigned(other, here, NOW).kind).toBe("refused");
  });
  fc.assert(changed, RUNS);
});

test("moving characters between the fields of a signed tenant does not keep its signature", () => {
  const moved = fc.property(fc.stringMatching(/^[0-9]{3,9}$/), fc.constantFrom(1, 2), (digits, cut) => {
    const text = signTenant(digits, "svc.internal", KEY, NOW);
    const [version, seconds, , mac] = text.split(";");
    const longer = [version, seconds + digits.slice(0, cut), digits.slice(cut), mac].join(";");
    expect(judgeSigned(longer, here, NOW)).toEqual({ kind: "refused", reason: "forged" });
  });
  fc.assert(moved, RUNS);
});
