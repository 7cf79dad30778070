import { randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TOKENS, startTestService } from "../running-service.ts";
import type { Answer } from "../running-service.ts";
import { trailOf } from "./audit-trail.ts";

const service = await startTestService();
afterAll(service.stop);

const OVERRIDES = "/v1/admin/overrides";
const tokens = { resource: "tokens", period: "day", amount: 50_000, reason: "launch week" };
const HOUR_MS = 3_600_000;

function call(method: string, path: string, body?: unknown): Promise<Answer> {
  return service.call(method, path, { token: TOKENS.admin, body });
}

async function create(body: object): Promise<{ overrideId: string }> {
  const answer = await call("POST", OVERRIDES, body);
  expect(answer.status).toBe(201);
  return answer.body as { overrideId: string };
}

async function list(tenantId: string): Promise<unknown> {
  return ((await call("GET", `${OVERRIDES}?tenantId=${tenantId}`)).body as { overrides: unknown }).overrides;
}

function inHours(hours: number): string {
  return new Date(Date.now() + hours * HOUR_MS).toISOString();
}

beforeAll(async () => {
  for (const tenantId of ["acme", "globex", "initech"]) {
    await call("PUT", `/v1/admin/tenants/${tenantId}`, { plan: "trial" });
  }
});

test("an override says its limit with every default, who made it, why and for how long", async () => {
  const until = inHours(1);
  const beforeMs = Date.now() - 1_000;
  const answer = await call("POST", OVERRIDES, { tenantId: "acme", ...tokens, until, graceFraction: 0.1 });
  expect(answer).toMatchObject({
    status: 201,
    body: {
      tenantId: "acme",
      ...tokens,
      enforcement: "hard",
      warnAt: 0.8,
      graceFraction: 0.1,
      state: "in_force",
      until,
      actor: "admin",
      revokedAt: null,
    },
  });
  expect(Date.parse((answer.body as { from: string }).from)).toBeGreaterThan(beforeMs);
});

test("overrides are listed with what has ended, the one made last first, and it holds", async () => {
  const first = await create({ tenantId: "globex", ...tokens });
  const later = await create({ tenantId: "globex", ...tokens, amount: null, from: inHours(1) });
  const other = await create({ tenantId: "globex", ...tokens, resource: "members", period: "level", amount: 3 });
  const second = await create({ tenantId: "globex", ...tokens, amount: 60_000 });
  await service.pool.query(
    `insert into quotel.limit_overrides (tenant_id, override_id, resource, period, amount, valid_from, valid_until,
       created_at, reason, actor)
     values ('globex', gen_random_uuid(), 'tokens', 'day', 1, now() - interval '2 hours', now() - interval '1 hour',
       now() - interval '2 hours', 'old', 'admin')`,
  );
  expect(await list("globex")).toMatchObject([
    { overrideId: second.overrideId, state: "in_force", amount: 60_000 },
    { overrideId: other.overrideId, state: "in_force", resource: "members" },
    { overrideId: later.overrideId, state: "scheduled", amount: null },
    { overrideId: first.overrideId, state: "superseded" },
    { state: "ended", amount: 1 },
  ]);
  expect((await call("DELETE", `${OVERRIDES}/${second.overrideId}?tenantId=globex`)).status).toBe(204);
  expect(await list("globex")).toMatchObject([
    { overrideId: second.overrideId, state: "revoked", revokedBy: "admin" },
    {},
    {},
    { overrideId: first.overrideId, state: "in_force" },
    {},
  ]);
});

test("L4: making and revoking an override is audited with the key and the values, and revoking again is not", async () => {
  const first = await create({ tenantId: "initech", ...tokens });
  const second = await create({ tenantId: "initech", ...tokens, amount: 70_000 });
  const path = `${OVERRIDES}/${second.overrideId}?tenantId=initech`;
  for (const _ of [1, 2]) expect((await call("DELETE", path)).status).toBe(204);
  const trail = (await trailOf(service.pool, "initech")).filter(({ event_type }) => event_type !== "tenant.created");
  const admin = { actor_type: "admin", actor_id: "admin" };
  expect(trail).toMatchObject([
    { ...admin, event_type: "override.created", entity_id: first.overrideId, old_values: null },
    {
      ...admin,
      event_type: "override.created",
      entity_id: second.overrideId,
      old_values: { amount: 50_000 },
      new_values: { amount: 70_000, reason: "launch week" },
    },
    { ...admin, event_type: "override.revoked", old_values: { amount: 70_000 }, new_values: null },
  ]);
});

test("an override with an id of the caller's is made once, however often it is sent; another one under the id is a conflict", async () => {
  const overrideId = randomUUIDv7();
  const body = { tenantId: "initech", overrideId, ...tokens, resource: "embeddings", until: inHours(1) };
  const answers = await Promise.all(Array.from({ length: 5 }, () => call("POST", OVERRIDES, body)));
  expect(answers.map(({ status }) => status).toSorted((a, b) => b - a)).toEqual([201, 200, 200, 200, 200]);
  for (const answer of answers) expect(answer.body).toMatchObject({ overrideId, state: "in_force" });
  expect(await call("POST", OVERRIDES, { ...body, amount: 1 })).toMatchObject({
    status: 409,
    body: { error: { code: "OVERRIDE_CONFLICT" } },
  });
  const { overrides } = (await call("GET", `${OVERRIDES}?tenantId=initech`)).body as { overrides: unknown[] };
  expect(overrides.filter((it) => (it as { overrideId: string }).overrideId === overrideId)).toHaveLength(1);
  const trail = await trailOf(service.pool, "initech");
  expect(trail.filter(({ entity_id }) => entity_id === overrideId)).toHaveLength(1);
});

test("an override that is to begin in the past begins now: history stays as it was", async () => {
  const beforeMs = Date.now() - 1_000;
  const { body } = await call("POST", OVERRIDES, { tenantId: "acme", ...tokens, from: "2024-01-01T00:00:00Z" });
  expect(Date.parse((body as { from: string }).from)).toBeGreaterThan(beforeMs);
});

test("a change of an override waits for the decisions that hold its tenant, and no longer", async () => {
  const client = await service.pool.connect();
  await client.query("begin");
  await client.query("select from quotel.tenants where tenant_id = 'acme' for no key update");
  let isDone = false;
  const creating = create({ tenantId: "acme", ...tokens }).finally(() => {
    isDone = true;
  });
  await create({ tenantId: "globex", ...tokens });
  expect(isDone).toBe(false);
  await client.query("commit");
  client.release();
  await creating;
});

test.each<[body: object, field: string]>([
  [{ ...tokens }, "tenantId"],
  [{ tenantId: "acme", ...tokens, reason: "  " }, "reason"],
  [{ tenantId: "acme", ...tokens, reason: undefined }, "reason"],
  [{ tenantId: "acme", ...tokens, amount: undefined }, "amount"],
  [{ tenantId: "acme", ...tokens, amount: 1.5 }, "amount"],
  [{ tenantId: "acme", ...tokens, burst: 1 }, "burst"],
  [{ tenantId: "acme", ...tokens, onUnpriced: "deny" }, "onUnpriced"],
  [{ tenantId: "acme", ...tokens, until: "2024-01-01T00:00:00Z" }, "until"],
  [{ tenantId: "acme", ...tokens, from: inHours(2), until: inHours(1) }, "until"],
  [{ tenantId: "acme", ...tokens, from: "soon" }, "from"],
  [{ tenantId: "acme", ...tokens, actor: "somebody" }, "actor"],
])("an override of %j is refused, naming %s", async (body, field) => {
  expect(await call("POST", OVERRIDES, body)).toMatchObject({
    status: 400,
    body: { error: { code: "INVALID_REQUEST", details: [{ path: field }] } },
  });
});

test("an override of what nobody knows is refused: a resource, a tenant, an id", async () => {
  expect(await call("POST", OVERRIDES, { tenantId: "acme", ...tokens, resource: "tokenz" })).toMatchObject({
    status: 400,
    body: { error: { code: "UNKNOWN_RESOURCE", details: [{ path: "resource" }] } },
  });
  for (const answer of [
    await call("POST", OVERRIDES, { tenantId: "nobody", ...tokens }),
    await call("GET", `${OVERRIDES}?tenantId=nobody`),
  ]) {
    expect(answer).toMatchObject({ status: 404, body: { error: { code: "TENANT_NOT_FOUND" } } });
  }
  const unknown = `${OVERRIDES}/0198c0de-0000-7000-8000-000000000001?tenantId=acme`;
  expect(await call("DELETE", unknown)).toMatchObject({ status: 404, body: { error: { code: "OVERRIDE_NOT_FOUND" } } });
  expect((await call("DELETE", `${OVERRIDES}/7?tenantId=acme`)).status).toBe(400);
  const own = await create({ tenantId: "acme", ...tokens });
  expect((await call("DELETE", `${OVERRIDES}/${own.overrideId}?tenantId=globex`)).status).toBe(404);
});
