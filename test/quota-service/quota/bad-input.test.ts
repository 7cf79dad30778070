import { afterAll, describe, expect, test } from "vitest";
import { applyCatalogue } from "#database/plans/apply-catalogue";
import { limitSchema } from "#database/plans/catalogue";
import { startTestService } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);

const CHECK = "/v1/quota/check";
const RESERVE = "/v1/quota/reservations";
const ID = "0198c0de-0000-7000-8000-000000000001";

interface Problem {
  readonly path: string;
  readonly message: string;
}

async function problemsOf(method: string, path: string, body: unknown): Promise<readonly Problem[]> {
  const answer = await service.call(method, path, typeof body === "string" ? { rawBody: body } : { body });
  expect(answer.status).toBe(400);
  const { error } = answer.body as { error: { code: string; message: string; details: Problem[] } };
  expect(error.code).toBe("INVALID_REQUEST");
  return error.details;
}

describe("amounts", () => {
  test.each([
    ["-1", "must not be negative"],
    ["1.5", "must be a whole number"],
    ["9007199254740992", "must be at most 9007199254740991"],
    ["1e400", "must be at most 9007199254740991"],
    ['"5"', "must be a number"],
    ["null", "must be a number"],
    ["true", "must be a number"],
  ])("an amount of %s is refused, saying why", async (amount, message) => {
    const one = `{"tenantId":"acme","resource":"tokens","amount":${amount}}`;
    expect(await problemsOf("POST", CHECK, one)).toEqual([{ path: "amount", message }]);
    const list = `{"tenantId":"acme","items":[{"resource":"api_calls","amount":1},{"resource":"tokens","amount":${amount}}]}`;
    expect(await problemsOf("POST", CHECK, list)).toEqual([{ path: "items[1].amount", message }]);
    const reserve = `{"reservationId":"${ID}",${one.slice(1)}`;
    expect(await problemsOf("POST", RESERVE, reserve)).toEqual([{ path: "amount", message }]);
    const close = `{"tenantId":"acme","action":"close","settle":"spans","items":[{"resource":"tokens","amount":${amount}}]}`;
    expect(await problemsOf("PATCH", `${RESERVE}/${ID}`, close)).toEqual([{ path: "items[0].amount", message }]);
  });

  test.each([0, -0, 9_007_199_254_740_991])("an amount of %s is taken", async (amount) => {
    const answer = await service.call("POST", CHECK, { body: { tenantId: "acme", resource: "tokens", amount } });
    expect(answer).toMatchObject({ status: 200, body: { items: [{ requested: Math.abs(amount) }] } });
  });

  test("cost may come in digits, and nothing else may", async () => {
    const check = (amount: string) => ({ tenantId: "acme", resource: "cost", amount });
    expect((await service.call("POST", CHECK, { body: check("9007199254740991") })).status).toBe(200);
    expect(await problemsOf("POST", CHECK, check("9007199254740992"))).toMatchObject([{ path: "amount" }]);
    expect(await problemsOf("POST", CHECK, check("1.5"))).toMatchObject([{ path: "amount" }]);
    expect(await problemsOf("POST", CHECK, check(""))).toMatchObject([{ path: "amount" }]);
  });
});

describe("fields", () => {
  const check = { tenantId: "acme", resource: "tokens", amount: 1 };
  const reserve = { ...check, reservationId: ID };
  const items = (count: number) => Array.from({ length: count }, (_, index) => ({ resource: `r${index}`, amount: 1 }));

  test.each<[what: string, method: string, path: string, body: unknown, field: string]>([
    ["no tenant", "POST", CHECK, { resource: "tokens", amount: 1 }, "tenantId"],
    ["a tenant with a space", "POST", CHECK, { ...check, tenantId: "a b" }, "tenantId"],
    ["a tenant of 129 characters", "POST", CHECK, { ...check, tenantId: "a".repeat(129) }, "tenantId"],
    ["the reserved tenant", "POST", CHECK, { ...check, tenantId: "unattributed" }, "tenantId"],
    ["a tenant that is no text", "POST", CHECK, { ...check, tenantId: 7 }, "tenantId"],
    ["another tenant in the query", "POST", `${CHECK}?tenantId=globex`, check, "tenantId"],
    [
      "two tenants in the query",
      "POST",
      `${CHECK}?tenantId=a&tenantId=b`,
      { resource: "tokens", amount: 1 },
      "tenantId",
    ],
    ["an unknown query parameter", "POST", `${CHECK}?tenant=a`, check, "tenant"],
    ["no resource", "POST", CHECK, { tenantId: "acme", amount: 1 }, "resource"],
    ["no amount", "POST", CHECK, { tenantId: "acme", resource: "tokens" }, "amount"],
    ["an unknown field", "POST", CHECK, { ...check, amuont: 1 }, "amuont"],
    ["one resource and a list", "POST", CHECK, { tenantId: "acme", resource: "tokens", items: items(1) }, "resource"],
    ["no items", "POST", CHECK, { tenantId: "acme", items: [] }, "items"],
    ["101 items", "POST", CHECK, { tenantId: "acme", items: items(101) }, "items"],
    [
      "a resource named twice",
      "POST",
      CHECK,
      { tenantId: "acme", items: [check, check].map(({ resource, amount }) => ({ resource, amount })) },
      "items[1].resource",
    ],
    ["an item's unknown field", "POST", CHECK, { tenantId: "acme", items: [check] }, "items[0].tenantId"],
    ["a check with atLeast", "POST", CHECK, { ...check, atLeast: 1 }, "atLeast"],
    ["no reservation id", "POST", RESERVE, check, "reservationId"],
    ["a reservation id that is no UUID", "POST", RESERVE, { ...reserve, reservationId: "42" }, "reservationId"],
    ["a life of 0 s", "POST", RESERVE, { ...reserve, ttlSeconds: 0 }, "ttlSeconds"],
    ["a life beyond a day", "POST", RESERVE, { ...reserve, ttlSeconds: 86_401 }, "ttlSeconds"],
    ["a life of half seconds", "POST", RESERVE, { ...reserve, ttlSeconds: 1.5 }, "ttlSeconds"],
    ["atLeast beyond amount", "POST", RESERVE, { ...reserve, atLeast: 2 }, "atLeast"],
    ["a path that is no UUID", "PATCH", `${RESERVE}/42`, { tenantId: "acme", action: "extend", ttlSeconds: 1 }, "id"],
    ["an unknown action", "PATCH", `${RESERVE}/${ID}`, { tenantId: "acme", action: "burn" }, "action"],
    ["no action", "PATCH", `${RESERVE}/${ID}`, { tenantId: "acme", ttlSeconds: 1 }, "action"],
    [
      "a close without items",
      "PATCH",
      `${RESERVE}/${ID}`,
      { tenantId: "acme", action: "close", settle: "spans" },
      "items",
    ],
    ["a close without settle", "PATCH", `${RESERVE}/${ID}`, { tenantId: "acme", action: "close", items: [] }, "settle"],
    [
      "a close with a time",
      "PATCH",
      `${RESERVE}/${ID}`,
      { tenantId: "acme", action: "close", items: [], settle: "now", ttlSeconds: 1 },
      "ttlSeconds",
    ],
    ["an extension by nothing", "PATCH", `${RESERVE}/${ID}`, { tenantId: "acme", action: "extend" }, ""],
    ["a release of no tenant's", "DELETE", `${RESERVE}/${ID}`, {}, "tenantId"],
    ["a release with an unknown field", "DELETE", `${RESERVE}/${ID}`, { tenantId: "acme", force: true }, "force"],
  ])("%s is refused and named", async (_what, method, path, body, field) => {
    const problems = await problemsOf(method, path, body);
    expect(problems.map(({ path }) => path)).toEqual([field]);
    expect(problems[0]?.message).not.toMatch(/invalid/i);
  });

  test("every field at fault is named at once", async () => {
    const body = { tenantId: "", items: [{ resource: "tokens", amount: -1 }, { amount: 0.5 }], ttlSeconds: 0 };
    const paths = (await problemsOf("POST", RESERVE, body)).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["tenantId", "reservationId", "ttlSeconds", "items[1].resource"]));
  });
});

describe("resources", () => {
  test("one that is neither built in nor declared is refused by name", async () => {
    const check = { tenantId: "acme", resource: "unicorns", amount: 1 };
    expect(await service.call("POST", CHECK, { body: check })).toMatchObject({
      status: 400,
      body: {
        error: {
          code: "UNKNOWN_RESOURCE",
          message: expect.stringContaining("unicorns"),
          details: [{ path: "resource" }],
        },
      },
    });
    const list = {
      tenantId: "acme",
      reservationId: ID,
      items: [
        { resource: "tokens", amount: 1 },
        { resource: "Tokens", amount: 1 },
      ],
    };
    expect(await service.call("POST", RESERVE, { body: list })).toMatchObject({
      status: 400,
      body: { error: { code: "UNKNOWN_RESOURCE", details: [{ path: "items[1].resource" }] } },
    });
  });

  test("one that a plan declares later is found", async () => {
    const check = { tenantId: "acme", resource: "gpu_seconds", amount: 1 };
    const status = async (): Promise<number> => (await service.call("POST", CHECK, { body: check })).status;
    expect(await status()).toBe(400);
    const limit = limitSchema.parse({ resource: "gpu_seconds", period: "day", amount: 10 });
    await applyCatalogue(service.pool, { plans: { gpu: { features: [], limits: [limit] } } });
    await expect.poll(status, { timeout: 5_000 }).toBe(200);
  });
});
