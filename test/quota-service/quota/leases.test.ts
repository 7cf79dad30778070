import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import type { ReservationDecision } from "@quotel/conventions";
import { TOKENS, startTestService } from "../running-service.ts";
import type { Answer } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);

/** A tenant of its own for each test, on the trial plan: 10 000 tokens a day, 100 chat messages a day, 30 API calls a minute. */
let count = 0;
const newTenant = (): string => `tenant-${++count}`;

function lease(tenantId: string, amounts: Readonly<Record<string, number>>, id = randomUUIDv7()): Promise<Answer> {
  const items = Object.entries(amounts).map(([resource, amount]) => ({ resource, amount }));
  return service.call("POST", "/v1/quota/leases", { body: { tenantId, reservationId: id, items } });
}

function reserve(tenantId: string, amount: number): Promise<Answer> {
  const body = { tenantId, reservationId: randomUUIDv7(), resource: "tokens", amount, ttlSeconds: 86_400 };
  return service.call("POST", "/v1/quota/reservations", { body });
}

test("a lease is 201 with what it grants and until when, and the same request again is 200 with the same", async () => {
  const tenantId = newTenant();
  const id = randomUUIDv7();
  const first = await lease(tenantId, { tokens: 5_000, chat_messages: 4 }, id);
  expect(first).toMatchObject({
    status: 201,
    body: {
      allowed: true,
      reservationId: id,
      items: [
        { resource: "tokens", requested: 5_000, granted: 1_000 },
        { resource: "chat_messages", requested: 4, granted: 4 },
      ],
    },
  });
  const { asOf, expiresAt } = first.body as ReservationDecision;
  const lifeMs = Date.parse(expiresAt!) - Date.parse(asOf);
  expect(lifeMs).toBeGreaterThan(0);
  expect(lifeMs).toBeLessThanOrEqual(30_000);
  expect(await lease(tenantId, { tokens: 5_000, chat_messages: 4 }, id)).toEqual({
    ...first,
    status: 200,
    headers: expect.anything(),
  });
  expect(await lease(tenantId, { tokens: 4_999, chat_messages: 4 }, id)).toMatchObject({
    status: 409,
    body: { error: { code: "RESERVATION_CONFLICT" } },
  });
});

test("within a limit's last fifth there are no leases, and single reservations go on to the limit itself", async () => {
  const tenantId = newTenant();
  await reserve(tenantId, 8_001);
  expect(await lease(tenantId, { tokens: 10, chat_messages: 1 })).toMatchObject({
    status: 409,
    body: {
      error: {
        code: "LEASE_REFUSED",
        details: [{ resource: "tokens", period: "day", reason: "LITTLE_LEFT", limit: 10_000, remaining: 1_999 }],
      },
    },
  });
  expect((await reserve(tenantId, 1_999)).status).toBe(201);
  expect(await lease(tenantId, { tokens: 1 })).toMatchObject({
    status: 409,
    body: { error: { code: "LEASE_REFUSED" } },
  });
});

test("what does not fit only because of a lease is denied with the lease's end, and fits when it is given back", async () => {
  const tenantId = newTenant();
  const id = randomUUIDv7();
  await lease(tenantId, { tokens: 1_000 }, id);
  const denied = await reserve(tenantId, 9_001);
  expect(denied).toMatchObject({ status: 429, body: { reason: "QUOTA_EXCEEDED" } });
  expect((denied.body as ReservationDecision).retryAfterSeconds).toBeLessThanOrEqual(30);
  const body = { tenantId, action: "close", items: [{ resource: "tokens", amount: 999 }], settle: "spans" };
  await service.call("PATCH", `/v1/quota/reservations/${id}`, { body });
  expect((await reserve(tenantId, 9_001)).status).toBe(201);
});

test("a rate limit is decided at each request: its resource is not leased", async () => {
  expect(await lease(newTenant(), { api_calls: 1 })).toMatchObject({
    status: 409,
    body: { error: { details: [{ resource: "api_calls", period: "minute", reason: "NOT_A_QUOTA" }] } },
  });
});

test("a licence that is not active denies a lease like any reservation", async () => {
  const tenantId = newTenant();
  const suspended = { plan: "pro", licenceStatus: "suspended" };
  await service.call("PUT", `/v1/admin/tenants/${tenantId}`, { token: TOKENS.admin, body: suspended });
  expect(await lease(tenantId, { tokens: 1 })).toMatchObject({ status: 403, body: { reason: "LICENSE_INACTIVE" } });
});

test("a lease of nothing, of an unknown resource or for a tenant's own key is refused", async () => {
  expect(await lease(newTenant(), { tokens: 0 })).toMatchObject({
    status: 400,
    body: { error: { code: "INVALID_REQUEST", details: [{ path: "items[0].amount" }] } },
  });
  expect(await lease(newTenant(), { nonsense: 1 })).toMatchObject({
    status: 400,
    body: { error: { code: "UNKNOWN_RESOURCE" } },
  });
  const body = { reservationId: randomUUIDv7(), items: [{ resource: "tokens", amount: 1 }] };
  expect((await service.call("POST", "/v1/quota/leases", { token: TOKENS.acme, body })).status).toBe(403);
});

test("a lease that nobody closes is kept beyond its life, and still closes at the truth", async () => {
  const tenantId = newTenant();
  const id = randomUUIDv7();
  await lease(tenantId, { tokens: 1_000 }, id);
  await service.pool.query("update quotel.reservations set expires_at = now() where tenant_id = $1", [tenantId]);
  const state = async (): Promise<string | undefined> => {
    const sql = "select state from quotel.reservations where tenant_id = $1";
    return (await service.pool.query<{ state: string }>(sql, [tenantId])).rows[0]?.state;
  };
  await expect.poll(state, { timeout: 10_000 }).toBe("kept");
  expect(await reserve(tenantId, 9_001)).toMatchObject({ status: 429, body: { items: [{ reserved: 1_000 }] } });
  const path = `/v1/quota/reservations/${id}`;
  const extend = { tenantId, action: "extend", ttlSeconds: 9 };
  expect((await service.call("PATCH", path, { body: extend })).status).toBe(409);
  const close = { tenantId, action: "close", items: [{ resource: "tokens", amount: 30 }], settle: "now" };
  expect(await service.call("PATCH", path, { body: close })).toMatchObject({ status: 200, body: { state: "closed" } });
  expect((await reserve(tenantId, 9_970)).status).toBe(201);
});
