import { randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReservationDecision } from "@quotel/conventions";
import { TOKENS, startTestService } from "../running-service.ts";
import type { Answer } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);

const RESERVE = "/v1/quota/reservations";

/** A tenant of its own for each test, on the trial plan: 10 000 tokens a day, 100 chat messages a day. */
let count = 0;
const newTenant = (): string => `tenant-${++count}`;

function reserve(tenantId: string, body: object): Promise<Answer> {
  return service.call("POST", RESERVE, { body: { tenantId, reservationId: randomUUIDv7(), ...body } });
}

describe("reserving", () => {
  test("what fits is 201 with the decision, and the same request again is 200 with the same one", async () => {
    const body = {
      tenantId: newTenant(),
      reservationId: randomUUIDv7(),
      items: [
        { resource: "tokens", amount: 4_000 },
        { resource: "chat_messages", amount: 1 },
      ],
    };
    const first = await service.call("POST", RESERVE, { body });
    expect(first).toMatchObject({ status: 201, body: { allowed: true, plan: "trial", mode: "strict", reason: null } });
    expect((first.body as ReservationDecision).items).toMatchObject([
      { resource: "tokens", period: "day", limit: 10_000, granted: 4_000 },
      { resource: "chat_messages", period: "day", limit: 100, granted: 1 },
    ]);
    const shuffled = {
      ...body,
      items: body.items.toReversed(),
      ttlSeconds: 300,
      reservationId: body.reservationId.toUpperCase(),
    };
    const again = await service.call("POST", RESERVE, { body: shuffled });
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
  });

  test("another request under the same id is 409", async () => {
    const body = { tenantId: newTenant(), reservationId: randomUUIDv7(), resource: "tokens", amount: 10 };
    expect((await service.call("POST", RESERVE, { body })).status).toBe(201);
    expect(await service.call("POST", RESERVE, { body: { ...body, amount: 11 } })).toMatchObject({
      status: 409,
      body: { error: { code: "RESERVATION_CONFLICT" } },
    });
  });

  test("the tenant may be named in the query instead of the body", async () => {
    const tenantId = newTenant();
    const body = { reservationId: randomUUIDv7(), resource: "tokens", amount: 1 };
    const answer = await service.call("POST", `${RESERVE}?tenantId=${tenantId}`, { body });
    expect(answer).toMatchObject({ status: 201, body: { tenantId } });
  });

  test("a quota that is used up is 429, with when to come back in every customary header", async () => {
    const tenantId = newTenant();
    await reserve(tenantId, { resource: "tokens", amount: 9_900, ttlSeconds: 86_400 });
    const answer = await reserve(tenantId, {
      items: [
        { resource: "tokens", amount: 150 },
        { resource: "chat_messages", amount: 1 },
      ],
    });
    expect(answer).toMatchObject({
      status: 429,
      body: { allowed: false, reason: "QUOTA_EXCEEDED", expiresAt: null },
    });
    const { retryAfterSeconds, items } = answer.body as ReservationDecision;
    const seconds = { tokens: secondsTo(answer, items[0]), messages: secondsTo(answer, items[1]) };
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "retry-after": String(retryAfterSeconds),
      "ratelimit-policy": '"tokens-day";q=10000;w=86400, "chat_messages-day";q=100;w=86400',
      ratelimit: `"tokens-day";r=100;t=${seconds.tokens}, "chat_messages-day";r=100;t=${seconds.messages}`,
      "x-ratelimit-limit": "10000",
      "x-ratelimit-remaining": "100",
      "x-ratelimit-reset": String(seconds.tokens),
    });
    expect(retryAfterSeconds).toBeGreaterThan(0);
  });

  test("a rate limit that is used up is 429, with the window's own numbers in every customary header", async () => {
    const tenantId = newTenant();
    await reserve(tenantId, { resource: "api_calls", amount: 30 });
    const answer = await reserve(tenantId, { resource: "api_calls", amount: 1 });
    expect(answer).toMatchObject({ status: 429, body: { allowed: false, reason: "RATE_LIMITED" } });
    const { retryAfterSeconds, items } = answer.body as ReservationDecision;
    expect(items).toMatchObject([{ resource: "api_calls", period: "minute", limit: 30, used: 30, remaining: 0 }]);
    const seconds = secondsTo(answer, items[0]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "retry-after": String(retryAfterSeconds),
      "ratelimit-policy": '"api_calls-minute";q=30;w=60',
      ratelimit: `"api_calls-minute";r=0;t=${seconds}`,
      "x-ratelimit-limit": "30",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": String(seconds),
    });
    // All of it was taken at once, so all of it comes back at once: the window and at most two of its sixtieths later.
    expect(retryAfterSeconds).toBe(seconds);
    expect(seconds).toBeGreaterThanOrEqual(58);
    expect(seconds).toBeLessThanOrEqual(61);
  });

  test("a reason that waiting does not cure is 403 without those headers", async () => {
    const tenantId = newTenant();
    const suspended = { plan: "pro", licenceStatus: "suspended" };
    await service.call("PUT", `/v1/admin/tenants/${tenantId}`, { token: TOKENS.admin, body: suspended });
    const inactive = await reserve(tenantId, { resource: "tokens", amount: 1 });
    expect(inactive).toMatchObject({ status: 403, body: { allowed: false, reason: "LICENSE_INACTIVE" } });
    const tooLarge = await reserve(newTenant(), { resource: "tokens", amount: 10_001 });
    expect(tooLarge).toMatchObject({ status: 403, body: { allowed: false, reason: "AMOUNT_EXCEEDS_LIMIT" } });
    for (const { headers } of [inactive, tooLarge]) {
      expect([headers.get("retry-after"), headers.get("ratelimit"), headers.get("x-ratelimit-limit")]).toEqual([
        null,
        null,
        null,
      ]);
    }
  });
});

describe("checking", () => {
  test("a check that denies is 200 all the same, and holds nothing", async () => {
    const tenantId = newTenant();
    await reserve(tenantId, { resource: "tokens", amount: 9_000 });
    const check = { tenantId, resource: "tokens", amount: 1_001 };
    for (let round = 0; round < 2; round++) {
      const answer = await service.call("POST", "/v1/quota/check", { body: check });
      expect(answer).toMatchObject({ status: 200, body: { allowed: false, reason: "QUOTA_EXCEEDED" } });
      expect(answer.headers.get("retry-after")).toBeNull();
    }
    const fits = await service.call("POST", "/v1/quota/check", { body: { ...check, amount: 1_000 } });
    expect(fits).toMatchObject({
      status: 200,
      body: { allowed: true, items: [{ reserved: 9_000, remaining: 1_000 }] },
    });
  });
});

describe("ending", () => {
  let tenantId = "";
  let path = "";
  beforeAll(async () => {
    tenantId = newTenant();
  });
  const open = async (): Promise<void> => {
    const reservationId = randomUUIDv7();
    path = `${RESERVE}/${reservationId}`;
    expect(
      (await service.call("POST", RESERVE, { body: { tenantId, reservationId, resource: "tokens", amount: 100 } }))
        .status,
    ).toBe(201);
  };

  test("a close is 200 with what is still held, and a second one 409", async () => {
    await open();
    const body = { tenantId, action: "close", items: [{ resource: "tokens", amount: 70 }], settle: "spans" };
    expect(await service.call("PATCH", path, { body })).toMatchObject({
      status: 200,
      body: { state: "closed", items: [{ resource: "tokens", estimate: 100, trueAmount: 70, settled: 0, held: 70 }] },
    });
    const { reservationId } = (await reserve(tenantId, { resource: "tokens", amount: 1 })).body as ReservationDecision;
    await service.call("DELETE", `${RESERVE}/${reservationId}`, { body: { tenantId } });
    const late = await service.call("PATCH", `${RESERVE}/${reservationId}`, {
      body: { tenantId, action: "extend", ttlSeconds: 9 },
    });
    expect(late).toMatchObject({ status: 409, body: { error: { code: "RESERVATION_ENDED" } } });
  });

  test("an extension that fits is 200, and one that does not is denied like a reservation", async () => {
    await open();
    const extend = (amount: number): Promise<Answer> =>
      service.call("PATCH", path, { body: { tenantId, action: "extend", items: [{ resource: "tokens", amount }] } });
    expect(await extend(50)).toMatchObject({
      status: 200,
      body: { state: "open", items: [{ estimate: 150, held: 150 }] },
    });
    const denied = await extend(9_800);
    expect(denied).toMatchObject({ status: 429, body: { allowed: false, reason: "QUOTA_EXCEEDED" } });
    expect(denied.headers.get("ratelimit")).toContain('"tokens-day";r=');
  });

  test("a release is 204 with no body, also when repeated and for an id nobody knows", async () => {
    await open();
    expect(await service.call("DELETE", path, { body: { tenantId } })).toMatchObject({ status: 204, body: undefined });
    expect((await service.call("DELETE", `${path}?tenantId=${tenantId}`)).status).toBe(204);
    expect((await service.call("DELETE", `${RESERVE}/${randomUUIDv7()}?tenantId=${tenantId}`)).status).toBe(204);
  });

  test("an extension of an id nobody knows is 404", async () => {
    const body = { tenantId, action: "extend", ttlSeconds: 9 };
    expect(await service.call("PATCH", `${RESERVE}/${randomUUIDv7()}`, { body })).toMatchObject({
      status: 404,
      body: { error: { code: "RESERVATION_NOT_FOUND" } },
    });
  });

  test("a reservation whose time has run out is ended by the service itself", async () => {
    const tenant = newTenant();
    await reserve(tenant, { resource: "tokens", amount: 100, ttlSeconds: 1 });
    const states = async (): Promise<string[]> => {
      const { rows } = await service.pool.query<{ state: string }>(
        "select state from quotel.reservations where tenant_id = $1",
        [tenant],
      );
      return rows.map(({ state }) => state);
    };
    expect(await states()).toEqual(["open"]);
    await expect.poll(states, { timeout: 10_000 }).toEqual(["expired"]);
  });
});

function secondsTo({ body }: Answer, item: { resetsAt: string | null } | undefined): number {
  return Math.ceil((Date.parse(item?.resetsAt ?? "") - Date.parse((body as ReservationDecision).asOf)) / 1000);
}
