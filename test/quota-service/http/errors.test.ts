import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { TOKENS, startTestService } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);

const CHECK = "/v1/quota/check";
const validCheck = { tenantId: "acme", resource: "tokens", amount: 1 };

describe("keys", () => {
  const operations = [
    ["POST", CHECK, ["service", "admin", "acme"]],
    ["POST", "/v1/quota/reservations", ["service", "admin"]],
    ["PATCH", "/v1/quota/reservations/0198c0de-0000-7000-8000-000000000001", ["service", "admin"]],
    ["DELETE", "/v1/quota/reservations/0198c0de-0000-7000-8000-000000000001", ["service", "admin"]],
    ["GET", "/v1/usage/stats?tenantId=acme", ["service", "admin", "acme"]],
    ["GET", "/v1/quota/features/export?tenantId=acme", ["service", "admin", "acme"]],
    ["GET", "/v1/quota/minimum-plan/pro?tenantId=acme", ["service", "admin", "acme"]],
    ["POST", "/v1/quota/suggest-upgrade", ["service", "admin", "acme"]],
    ["GET", "/v1/quota/status?tenantId=acme", ["service", "admin", "acme"]],
    ["GET", "/v1/admin/usage", ["admin"]],
    ["PUT", "/v1/admin/tenants/acme", ["admin"]],
    ["GET", "/v1/admin/tenants/acme", ["admin"]],
    ["GET", "/v1/admin/plans", ["admin"]],
    ["GET", "/v1/admin/plans/pro", ["admin"]],
    ["PUT", "/v1/admin/plans/pro", ["admin"]],
    ["POST", "/v1/admin/plans/pro/diff", ["admin"]],
    ["POST", "/v1/admin/overrides", ["admin"]],
    ["GET", "/v1/admin/overrides?tenantId=acme", ["admin"]],
    ["DELETE", "/v1/admin/overrides/0198c0de-0000-7000-8000-000000000001?tenantId=acme", ["admin"]],
  ] as const;

  test.each(operations)("%s %s is for holders of the right kinds of keys only", async (method, path, allowed) => {
    const statusWith = async (token: string | null): Promise<number> => {
      const answer = await service.call(method, path, { token, ...(method !== "GET" && { body: {} }) });
      return answer.status;
    };
    expect(await statusWith(null)).toBe(401);
    expect(await statusWith("a-key-nobody-has")).toBe(401);
    for (const [name, token] of Object.entries(TOKENS)) {
      const status = await statusWith(token);
      expect({ name, isAllowed: status !== 403 }).toEqual({ name, isAllowed: allowed.some((it) => it === name) });
      expect(status).not.toBe(401);
    }
  });

  test("a refusal for want of a key says how to send one", async () => {
    const none = await service.call("POST", CHECK, { token: null, body: validCheck });
    expect(none.headers.get("www-authenticate")).toBe("Bearer");
    expect(none.body).toEqual({
      error: { code: "UNAUTHENTICATED", message: "Send a key: Authorization: Bearer <key>" },
    });
    const wrongKind = await service.call("POST", CHECK, { token: TOKENS.ingest, body: validCheck });
    expect(wrongKind.body).toMatchObject({
      error: { code: "FORBIDDEN", message: expect.stringContaining('"ingest"') },
    });
  });

  test("a tenant's key speaks for its own tenant and for no other", async () => {
    const foreign = { ...validCheck, tenantId: "globex" };
    expect((await service.call("POST", CHECK, { token: TOKENS.acme, body: foreign })).status).toBe(403);
    expect(
      (
        await service.call("POST", `${CHECK}?tenantId=globex`, {
          token: TOKENS.acme,
          body: { resource: "tokens", amount: 1 },
        })
      ).status,
    ).toBe(403);
    expect((await service.call("GET", "/v1/usage/stats?tenantId=globex", { token: TOKENS.acme })).status).toBe(403);
    const own = await service.call("POST", CHECK, { token: TOKENS.acme, body: { resource: "tokens", amount: 1 } });
    expect(own).toMatchObject({ status: 200, body: { tenantId: "acme" } });
  });

  test("a tenant's key that is bound to nobody speaks for nobody", async () => {
    const { ensureKey } = await import("#database/keys/ensure-key");
    await ensureKey(service.pool, { keyId: "unbound", kind: "tenant", token: "an-unbound-tenant-key" });
    const answer = await service.call("POST", CHECK, { token: "an-unbound-tenant-key", body: validCheck });
    expect(answer).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN" } } });
  });
});

describe("requests nobody can serve", () => {
  test("an unknown path is 404 in the shape of every error", async () => {
    expect(await service.call("GET", "/v1/quota/nothing")).toMatchObject({
      status: 404,
      body: { error: { code: "NOT_FOUND" } },
    });
  });

  test("a wrong method is 405 and names the right ones", async () => {
    const answer = await service.call("GET", CHECK);
    expect(answer).toMatchObject({ status: 405, body: { error: { code: "METHOD_NOT_ALLOWED" } } });
    expect(answer.headers.get("allow")).toBe("POST");
    const reservation = await service.call("POST", "/v1/quota/reservations/0198c0de-0000-7000-8000-000000000001");
    expect(reservation.headers.get("allow")).toBe("PATCH, DELETE");
    expect((await service.call("POST", "/healthz")).headers.get("allow")).toBe("HEAD, GET");
  });

  test("a body that is not JSON is 400, one that is not called JSON 415, one beyond 1 MiB 413", async () => {
    expect(await service.call("POST", CHECK, { rawBody: '{"tenantId":' })).toMatchObject({
      status: 400,
      body: { error: { code: "INVALID_REQUEST", message: expect.stringContaining("not JSON") } },
    });
    const form = { rawBody: "tenantId=acme", headers: { "content-type": "application/x-www-form-urlencoded" } };
    expect(await service.call("POST", CHECK, form)).toMatchObject({
      status: 415,
      body: { error: { code: "UNSUPPORTED_MEDIA_TYPE" } },
    });
    const huge = { ...validCheck, tenantId: "a".repeat(1_048_576) };
    expect(await service.call("POST", CHECK, { body: huge })).toMatchObject({
      status: 413,
      body: { error: { code: "BODY_TOO_LARGE" } },
    });
    const bomb = { rawBody: gzipSync(JSON.stringify(huge)), headers: { "content-encoding": "gzip" } };
    expect((await service.call("POST", CHECK, bomb)).status).toBe(413);
  });

  test.each([undefined, "null", "[]", '"text"', "7"])(
    "a body of %s is 400, because it is not an object",
    async (rawBody) => {
      const answer = await service.call("POST", CHECK, rawBody === undefined ? {} : { rawBody });
      expect(answer).toMatchObject({ status: 400, body: { error: { code: "INVALID_REQUEST" } } });
    },
  );

  test("a path that is not valid percent-encoding is 400", async () => {
    const response = await fetch(`${service.url}/v1/admin/tenants/%E0%A4%A`, {
      method: "PUT",
      headers: { authorization: `Bearer ${TOKENS.admin}` },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "INVALID_REQUEST" } });
  });
});

describe("what the service says of itself", () => {
  test("the document describes exactly the operations that are served", async () => {
    const { allRoutes } = await import("../../../quota-service/routes.ts");
    const { Metrics } = await import("../../../quota-service/health/metrics.ts");
    const { createDecisionEngine } = await import("../../../quota-service/decisions/engine.ts");
    const engine = createDecisionEngine({ pool: service.pool, defaultPlan: null, log: console });
    const metrics = new Metrics();
    const served = allRoutes({ pool: service.pool, engine, defaultPlan: null, metrics, isPrepared: () => true });
    expect(service.documented.operations().sort()).toEqual(
      served.map(({ method, path }) => `${method} ${path}`).sort(),
    );
  });

  test("a service with its database and plans is healthy and ready", async () => {
    expect(await service.call("GET", "/healthz", { token: null })).toMatchObject({
      status: 200,
      body: { status: "ok" },
    });
    expect(await service.call("GET", "/readyz", { token: null })).toMatchObject({
      status: 200,
      body: { status: "ready", checks: { database: true, plans: true } },
    });
  });
});
