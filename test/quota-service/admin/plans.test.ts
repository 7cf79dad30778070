import { afterAll, expect, test } from "vitest";
import { TOKENS, startTestService } from "../running-service.ts";
import type { Answer } from "../running-service.ts";
import { trailOf } from "./audit-trail.ts";

const service = await startTestService();
afterAll(service.stop);

const PLANS = "/v1/admin/plans";
const tokens = { resource: "tokens", period: "day", amount: 700 };

function call(method: string, path: string, body?: unknown): Promise<Answer> {
  return service.call(method, path, { token: TOKENS.admin, body });
}

async function limitOf(tenantId: string): Promise<unknown> {
  const answer = await service.call("POST", "/v1/quota/check", { body: { tenantId, resource: "tokens", amount: 0 } });
  return (answer.body as { items: { limit: unknown }[] }).items[0]?.limit;
}

test("the plans in force are listed from the lowest to the highest, with their limits", async () => {
  const { body } = await call("GET", PLANS);
  const { plans } = body as { plans: { planId: string; limits: unknown[] }[] };
  expect(plans.map(({ planId }) => planId)).toEqual(["trial", "starter", "pro", "enterprise"]);
  expect(plans[0]?.limits).toContainEqual(
    expect.objectContaining({ resource: "tokens", period: "day", amount: 10_000, enforcement: "hard", warnAt: 0.8 }),
  );
});

test("a definition becomes the plan's next version and binds the next decision of its tenants; a repetition makes none", async () => {
  expect((await call("PUT", `${PLANS}/team`, { limits: [tokens] })).body).toMatchObject({
    planId: "team",
    version: 1,
    oldVersion: null,
    isNew: true,
  });
  await call("PUT", "/v1/admin/tenants/acme", { plan: "team" });
  expect(await limitOf("acme")).toBe(700);
  const raised = { features: ["export"], limits: [{ ...tokens, amount: 900 }] };
  const changed = {
    version: 2,
    oldVersion: 1,
    isNew: true,
    changes: [
      { kind: "feature_added", feature: "export" },
      { kind: "limit_changed", fields: [{ field: "amount", old: 700, new: 900 }] },
    ],
  };
  expect(await call("POST", `${PLANS}/team/diff`, raised)).toMatchObject({ status: 200, body: changed });
  expect(await limitOf("acme")).toBe(700);
  expect(await call("PUT", `${PLANS}/team`, raised)).toMatchObject({ status: 200, body: changed });
  expect(await limitOf("acme")).toBe(900);
  expect((await call("PUT", `${PLANS}/team`, raised)).body).toMatchObject({ version: 2, isNew: false, changes: [] });
  expect((await call("GET", `${PLANS}/team`)).body).toMatchObject({
    version: 2,
    rank: 4,
    features: ["export"],
    versions: [
      { version: 2, actor: "admin" },
      { version: 1, actor: "admin" },
    ],
  });
});

test("L4: every version made through the API is in the platform's audit trail with the key that made it", async () => {
  await call("PUT", `${PLANS}/traced`, { limits: [tokens] });
  await call("PUT", `${PLANS}/traced`, { limits: [] });
  const trail = await trailOf(service.pool, "unattributed");
  const admin = { actor_type: "admin", actor_id: "admin" };
  expect(trail.filter(({ entity_id }) => entity_id === "traced")).toMatchObject([
    { ...admin, event_type: "plan.created", old_values: null, new_values: { version: 1 } },
    { ...admin, event_type: "plan.changed", old_values: { version: 1, limits: [tokens] }, new_values: { limits: [] } },
  ]);
});

test("many changes of one plan at once each become a version, one after the other", async () => {
  const amounts = Array.from({ length: 8 }, (_, index) => index + 1);
  const answers = await Promise.all(
    amounts.map((amount) => call("PUT", `${PLANS}/busy`, { limits: [{ ...tokens, amount }] })),
  );
  const versions = answers.map(({ body }) => (body as { version: number }).version);
  expect(versions.toSorted((a, b) => a - b)).toEqual(amounts);
});

test.each<[id: string, body: unknown, field: string]>([
  ["team", {}, "limits"],
  ["team", { limits: [{ ...tokens, amount: -1 }] }, "limits[0].amount"],
  ["team", { limits: [{ ...tokens, amount: 0.5 }] }, "limits[0].amount"],
  ["team", { limits: [{ resource: "tokens", period: "day" }] }, "limits[0].amount"],
  ["team", { limits: [{ ...tokens, period: "week" }] }, "limits[0].period"],
  ["team", { limits: [{ ...tokens, ammount: 1 }] }, "limits[0].ammount"],
  ["team", { limits: [tokens, tokens] }, "limits[1]"],
  ["team", { limits: [{ ...tokens, burst: 5 }] }, "limits[0].burst"],
  ["team", { limits: [{ ...tokens, period: "minute", graceSeconds: 5 }] }, "limits[0].graceSeconds"],
  ["team", { limits: [], features: ["Not A Name"] }, "features[0]"],
  ["none", { limits: [] }, "id"],
  ["Team", { limits: [] }, "id"],
])("a definition of plan %s as %j is refused, naming %s", async (id, body, field) => {
  const refused = { status: 400, body: { error: { code: "INVALID_REQUEST", details: [{ path: field }] } } };
  expect(await call("PUT", `${PLANS}/${id}`, body)).toMatchObject(refused);
  expect(await call("POST", `${PLANS}/${id}/diff`, body)).toMatchObject(refused);
});

test("a plan that does not exist is 404", async () => {
  expect(await call("GET", `${PLANS}/platinum`)).toMatchObject({
    status: 404,
    body: { error: { code: "PLAN_NOT_FOUND" } },
  });
});
