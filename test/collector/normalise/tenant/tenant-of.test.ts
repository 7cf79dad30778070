import { expect, test } from "vitest";
import { normalise } from "../../../../collector/normalise/usage/normalise.ts";
import { ENDED_AT_MICROS, eventOf, outcomeOf, spanOf } from "../usage/span-of.ts";

const CHAT = { "gen_ai.operation.name": "chat" };

test("the span's tenant goes before its resource's, quotel's name before the others", () => {
  expect(eventOf({ ...CHAT, "tenant.id": "b", "quotel.tenant.id": "a" }).tenantId).toBe("a");
  expect(eventOf({ ...CHAT, tenant_id: "c" }, { resource: { "quotel.tenant.id": "a" } }).tenantId).toBe("c");
  expect(eventOf(CHAT, { resource: { "tenant.id": "from-resource" } }).tenantId).toBe("from-resource");
  expect(eventOf({ ...CHAT, tenant_id: 42 }).tenantId).toBe("42");
});

test.each([undefined, "", "unattributed", "-x", "a b", "a".repeat(129), "ä", true])(
  "a span of tenant %j is unattributed, never lost",
  (claimed) => {
    expect(eventOf(claimed === undefined ? CHAT : { ...CHAT, "quotel.tenant.id": claimed }).tenantId).toBe(
      "unattributed",
    );
  },
);

test("a key bound to tenants speaks for no other", () => {
  const claims = (tenant: string) => outcomeOf(spanOf({ ...CHAT, "quotel.tenant.id": tenant }), ["acme", "globex"]);
  expect(claims("acme")).toMatchObject({ kind: "event", event: { tenantId: "acme" } });
  expect(claims("Acme")).toEqual({ kind: "rejected", reason: "foreign_tenant", claimedTenant: "Acme" });
  expect(outcomeOf(spanOf(CHAT), [])).toMatchObject({ kind: "event", event: { tenantId: "unattributed" } });
});

test.each([
  [{ metadata: '{"customer_id":"acme"}' }, "acme"],
  [{ metadata: '{"tenant_id":7}' }, "7"],
  [{ metadata: '{"tenant_id":"acme"}', "tenant.id": "globex" }, "globex"],
  [{ metadata: '{"tenant_id":"acme"' }, "unattributed"],
  [{ metadata: '["acme"]' }, "unattributed"],
  [{ metadata: '{"tenant_id":{"id":"acme"}}' }, "unattributed"],
  [{ metadata: `{"tenant_id":"acme","x":"${"x".repeat(40_000)}"}` }, "unattributed"],
  [{ metadata: '{"__proto__":{"tenant_id":"acme"}}' }, "unattributed"],
])("metadata in JSON names the tenant where no attribute does: %o -> %s", (metadata, tenantId) => {
  expect(eventOf({ ...CHAT, ...metadata }).tenantId).toBe(tenantId);
});

test("a configured list decides alone, in its order, and a name may mean something else beside the tenant", () => {
  const where = { names: ["quotel.tenant.id", "org.id", "user.id"], jsonNames: [] };
  const tenantOf = (attributes: Parameters<typeof spanOf>[0]): unknown => {
    const outcome = normalise(spanOf({ ...CHAT, ...attributes }), { tenants: null }, ENDED_AT_MICROS, where);
    return outcome.kind === "event" ? [outcome.event.tenantId, outcome.event.userId] : outcome;
  };
  expect(tenantOf({ "user.id": "ann", "org.id": "acme" })).toEqual(["acme", "ann"]);
  expect(tenantOf({ "user.id": "ann", "org.id": Number.NaN })).toEqual(["ann", "ann"]);
  expect(tenantOf({ "org.id": "acme", "quotel.tenant.id": "globex" })).toEqual(["globex", null]);
  expect(tenantOf({ "tenant.id": "acme", metadata: '{"tenant_id":"acme"}' })).toEqual(["unattributed", null]);
});
