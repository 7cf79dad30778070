import { randomUUIDv7 } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { UsageStats } from "@quotel/conventions";
import { TOKENS, startTestService } from "../running-service.ts";
import { humanReadable } from "../../../quota-service/usage/human-readable.ts";
import { lastDays } from "../../../quota-service/usage/last-days.ts";
import { modelTokens, recordSomeEvents, sumOf } from "./recorded-events.ts";

const service = await startTestService();
afterAll(service.stop);
const events = await recordSomeEvents(service.pool, 400, 20_261);
await service.call("PUT", "/v1/admin/tenants/acme", { token: TOKENS.admin, body: { plan: "starter" } });

const DAY_MS = 86_400_000;
const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;

async function stats(query: string, token: string = TOKENS.service): Promise<UsageStats> {
  const answer = await service.call("GET", `/v1/usage/stats?${query}`, { token });
  expect(answer.status).toBe(200);
  return answer.body as UsageStats;
}

describe("usage statistics", () => {
  test.each([1, 2, 30])("the breakdown of %i days is the plain sum of the events of those days", async (days) => {
    const own = events.filter(
      ({ tenantId, endedAtMicros }) => tenantId === "acme" && endedAtMicros / 1000 >= todayMs - (days - 1) * DAY_MS,
    );
    const { breakdown, period } = await stats(`tenantId=acme&days=${days}`);
    const amounts = Object.fromEntries(breakdown.map(({ resourceType, amount }) => [resourceType, amount]));
    const of = (resource: string): number => sumOf(own, (event) => (event.resource === resource ? event.amount : 0));
    expect(amounts).toEqual({
      tokens: of("tokens") + sumOf(own, modelTokens),
      api_calls: of("api_calls"),
      chat_messages: of("chat_messages"),
      embeddings: of("embeddings"),
      embedding_tokens: sumOf(own, (event) => (event.eventType === "embedding" ? modelTokens(event) : 0)),
      cost: String(sumOf(own, (event) => event.costNanoUsd ?? 0)),
    });
    expect(period).toEqual({
      start: new Date(todayMs - (days - 1) * DAY_MS).toISOString(),
      end: new Date(todayMs + DAY_MS).toISOString(),
      days,
    });
  });

  test("limits show today's usage, and their reset; a rate limit has used what reservations took, not what spans say", async () => {
    const { limits, warnings } = await stats("tenantId=acme");
    const today = events.filter(
      ({ tenantId, endedAtMicros }) => tenantId === "acme" && endedAtMicros / 1000 >= todayMs,
    );
    const used = sumOf(today, (event) => modelTokens(event) + (event.resource === "tokens" ? event.amount : 0));
    const tokens = limits.find(({ resourceType }) => resourceType === "tokens");
    expect(tokens).toEqual({
      resourceType: "tokens",
      period: "day",
      limit: 100_000,
      used,
      reserved: 0,
      percentage: Math.round(used / 100) / 10,
      resetsAt: new Date(todayMs + DAY_MS).toISOString(),
      state: "exceeded",
      enforcement: "hard",
      source: "plan",
    });
    expect(limits.find(({ period }) => period === "minute")).toMatchObject({
      resourceType: "api_calls",
      used: 0,
      percentage: 0,
    });
    expect(warnings.some((warning) => warning.startsWith("The limit of 100000 tokens per day is reached"))).toBe(
      used >= 100_000,
    );
  });

  test("a registered tenant that has used nothing has its limits and their resets all the same", async () => {
    await service.call("PUT", "/v1/admin/tenants/fresh", { token: TOKENS.admin, body: { plan: "trial" } });
    const { breakdown, limits } = await stats("tenantId=fresh");
    expect(breakdown.map(({ amount }) => amount)).toEqual([0, 0, 0, 0]);
    expect(limits.find(({ resourceType }) => resourceType === "embeddings")).toMatchObject({
      used: 0,
      resetsAt: new Date(todayMs + DAY_MS).toISOString(),
    });
  });

  test("a tenant's own key needs no tenant in the query", async () => {
    expect((await stats("days=7", TOKENS.acme)).tenantId).toBe("acme");
  });

  test("a tenant that nobody has registered has the default plan's limits in its statistics, as it does from its first reservation on, and asking makes no tenant", async () => {
    const { timestamp: _, ...asked } = await stats("tenantId=nobody");
    const { rows } = await service.pool.query("select from quotel.tenants where tenant_id = 'nobody'");
    expect(rows).toEqual([]);
    expect(asked.breakdown).toContainEqual({
      resourceType: "tokens",
      amount: 0,
      humanReadable: "0 tokens",
      percentage: 0,
    });
    expect(asked.limits).toContainEqual(
      expect.objectContaining({ resourceType: "tokens", period: "day", limit: 10_000, source: "default" }),
    );
    const first = { tenantId: "nobody", reservationId: randomUUIDv7(), resource: "tokens", amount: 0 };
    expect((await service.call("POST", "/v1/quota/reservations", { body: first })).status).toBe(201);
    expect(await stats("tenantId=nobody")).toMatchObject(asked);
  });

  test.each(["days=0", "days=367", "days=1.5", "days=-1", "days=week", "days=", "days=1&days=2"])(
    "%s is refused, naming days",
    async (query) => {
      expect(await service.call("GET", `/v1/usage/stats?tenantId=acme&${query}`)).toMatchObject({
        status: 400,
        body: { error: { code: "INVALID_REQUEST", details: [{ path: "days" }] } },
      });
    },
  );
});

describe("figures for people", () => {
  test.each([
    ["tokens", 1_234_567, "1,234,567 tokens"],
    ["chat_messages", 1, "1 chat messages"],
    ["cost", 1_500_000_000, "$1.50"],
    ["cost", 123_456, "$0.00012"],
    ["cost", 0, "$0.00"],
    ["storage_bytes", 1_610_612_736, "1.5 GiB"],
    ["storage_bytes", 0, "0 B"],
  ])("%s %i reads %s", (resource, amount, text) => {
    expect(humanReadable(resource, amount)).toBe(text);
  });

  test("the last days are the tenant's own, also over a change of the clocks", () => {
    const berlin = [{ effectiveFromMs: 0, zone: "Europe/Berlin", anchorDay: 1 }];
    const { startMs, endMs } = lastDays(Date.parse("2026-10-26T12:00:00Z"), 3, berlin);
    expect(new Date(startMs).toISOString()).toBe("2026-10-23T22:00:00.000Z");
    expect(new Date(endMs).toISOString()).toBe("2026-10-26T23:00:00.000Z");
  });
});
