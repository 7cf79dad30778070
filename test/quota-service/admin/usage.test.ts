import { afterAll, describe, expect, test } from "vitest";
import type { AdminTenantUsage, AdminUsageSummary } from "@quotel/conventions";
import type { UsageEvent } from "#database/record/usage-event";
import { TOKENS, startTestService } from "../running-service.ts";
import { modelTokens, recordSomeEvents, sumOf } from "../usage/recorded-events.ts";

const service = await startTestService();
afterAll(service.stop);
const events = await recordSomeEvents(service.pool, 400, 7);
for (const tenantId of ["acme", "globex", "initech"]) {
  await service.call("PUT", `/v1/admin/tenants/${tenantId}`, { token: TOKENS.admin, body: { plan: "trial" } });
}

const own = events.filter(({ tenantId }) => tenantId === "acme");
const tokens = (event: UsageEvent): number => modelTokens(event) + (event.resource === "tokens" ? event.amount : 0);
const isCall = ({ eventType }: UsageEvent): boolean => eventType === "api_call";

async function usage<Body>(query: string): Promise<Body> {
  const answer = await service.call("GET", `/v1/admin/usage?${query}`, { token: TOKENS.admin });
  expect(answer.status).toBe(200);
  return answer.body as Body;
}

describe("one tenant's usage", () => {
  test.each(["hourly", "daily", "monthly"])("%s buckets add up to the plain sums of its events", async (period) => {
    const startDate = new Date(Date.now() - 6 * 86_400_000).toISOString();
    const answer = await usage<AdminTenantUsage>(`tenantId=acme&period=${period}&startDate=${startDate}`);
    const sum = (amount: (bucket: AdminTenantUsage["usage"][number]) => number): number =>
      answer.usage.reduce((total, bucket) => total + amount(bucket), 0);
    const of = (resource: string): number => sumOf(own, (event) => (event.resource === resource ? event.amount : 0));
    const calls = own.filter(isCall);
    expect({
      apiCalls: sum((bucket) => bucket.apiCalls),
      successful: sum((bucket) => bucket.apiCallsSuccessful),
      failed: sum((bucket) => bucket.apiCallsFailed),
      rateLimited: sum((bucket) => bucket.apiCallsRateLimited),
      chatMessages: sum((bucket) => bucket.chatMessages),
      embeddings: sum((bucket) => bucket.embeddings),
      tokens: sum((bucket) => bucket.totalTokens),
      cost: sum((bucket) => Number(bucket.costNanoUsd)),
    }).toEqual({
      apiCalls: calls.length,
      successful: calls.filter(({ status }) => status === "ok").length,
      failed: calls.filter(({ status }) => status === "failed").length,
      rateLimited: calls.filter(({ status }) => status === "rate_limited").length,
      chatMessages: of("chat_messages"),
      embeddings: of("embeddings"),
      tokens: sumOf(own, tokens),
      cost: sumOf(own, ({ costNanoUsd }) => costNanoUsd ?? 0),
    });
    expect(answer).toMatchObject({ tenantId: "acme", period });
  });

  test("tokens are told apart by how they are known, and unknown ones are counted in events", async () => {
    const bySource = (source: string) => own.filter(({ usageSource }) => usageSource === source);
    const partial = sumOf(bySource("partial"), modelTokens);
    const estimated = sumOf(bySource("estimated"), modelTokens);
    const { tokensBySource } = await usage<AdminTenantUsage>("tenantId=acme");
    expect(tokensBySource).toEqual({
      provider: sumOf(own, modelTokens) - partial - estimated,
      partial,
      estimated,
      none: bySource("none").length,
    });
  });

  test("its latest events come newest first, with the ids of their spans", async () => {
    const { recentEvents } = await usage<AdminTenantUsage>("tenantId=acme");
    const newest = own
      .toSorted((a, b) => b.endedAtMicros - a.endedAtMicros || a.traceId.localeCompare(b.traceId))
      .slice(0, 20);
    expect(recentEvents.map(({ traceId, spanId }) => `${traceId} ${spanId}`)).toEqual(
      newest.map(({ traceId, spanId }) => `${traceId} ${spanId}`),
    );
    expect(recentEvents.map((event) => event.tokens)).toEqual(newest.map(modelTokens));
  });

  test("its limits say whether any is exceeded, and metric narrows them to one resource", async () => {
    const { quota } = await usage<AdminTenantUsage>("tenantId=acme");
    expect(quota.plan).toBe("trial");
    const isOver = quota.quotas.some(
      ({ limit, used, period }) => period === "day" && limit !== null && Number(used) >= limit,
    );
    expect(quota.anyExceeded).toBe(isOver);
    const narrowed = await usage<AdminTenantUsage>("tenantId=acme&metric=embeddings");
    expect(narrowed.quota.quotas.map(({ resourceType }) => resourceType)).toEqual(["embeddings"]);
  });

  test("a range takes the buckets that overlap it, and a date as its end includes its day", async () => {
    const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const { usage: buckets } = await usage<AdminTenantUsage>(`tenantId=acme&startDate=${day}&endDate=${day}`);
    expect(buckets.map(({ bucketStart }) => bucketStart)).toEqual([`${day}T00:00:00.000Z`]);
    const noon = `startDate=${day}T12:00:00Z&endDate=${day}T13:00:00%2B00:00`;
    expect((await usage<AdminTenantUsage>(`tenantId=acme&${noon}`)).usage).toEqual(buckets);
  });

  test("the reserved tenant can be looked at, and one that nobody knows is 404", async () => {
    const { quota, usage: buckets } = await usage<AdminTenantUsage>("tenantId=unattributed");
    expect(quota).toEqual({ plan: "none", quotas: [], anyExceeded: false });
    expect(buckets.length).toBeGreaterThan(0);
    const nobody = await service.call("GET", "/v1/admin/usage?tenantId=nobody", { token: TOKENS.admin });
    expect(nobody).toMatchObject({ status: 404, body: { error: { code: "TENANT_NOT_FOUND" } } });
  });
});

describe("everyone's usage", () => {
  test("the summary is the plain sum over all tenants", async () => {
    const { summary } = await usage<AdminUsageSummary>("");
    const calls = events.filter(isCall);
    const meanMs = sumOf(calls, ({ durationMicros }) => durationMicros / 1000) / calls.length;
    expect(summary).toMatchObject({
      total_tenants: 3,
      total_api_calls: calls.length,
      total_tokens: sumOf(events, tokens),
      total_cost: String(sumOf(events, ({ costNanoUsd }) => costNanoUsd ?? 0)),
    });
    expect(summary.avg_latency_ms).toBeCloseTo(meanMs, 3);
  });

  test.each([
    ["tokens", tokens],
    ["api_calls", (event: UsageEvent) => Number(isCall(event))],
    ["cost", (event: UsageEvent) => event.costNanoUsd ?? 0],
  ] as const)("top consumers are ranked by %s", async (metric, amount) => {
    const tenants = [...new Set(events.map(({ tenantId }) => tenantId))];
    const used = (tenant: string): number =>
      sumOf(
        events.filter(({ tenantId }) => tenantId === tenant),
        amount,
      );
    const ranked = tenants.sort((a, b) => used(b) - used(a));
    const { topConsumers } = await usage<AdminUsageSummary>(`metric=${metric}`);
    expect(topConsumers.map(({ tenantId }) => tenantId)).toEqual(ranked);
  });

  test("a tenant past its limit is listed with how far", async () => {
    const todayMicros = Math.floor(Date.now() / 86_400_000) * 86_400_000_000;
    const used = (tenant: string): number =>
      sumOf(
        events.filter((event) => event.tenantId === tenant && event.endedAtMicros >= todayMicros),
        tokens,
      );
    const over = ["acme", "globex", "initech"].filter((tenant) => used(tenant) >= 10_000);
    const { exceedingQuota } = await usage<AdminUsageSummary>("metric=tokens");
    expect(Object.fromEntries(exceedingQuota.map(({ tenantId, used }) => [tenantId, used]))).toEqual(
      Object.fromEntries(over.map((tenant) => [tenant, used(tenant)])),
    );
    expect(over.length).toBeGreaterThan(0);
  });
});

test.each([
  ["period=weekly", "period"],
  ["metric=beauty", "metric"],
  ["startDate=2026-02-30", "startDate"],
  ["startDate=yesterday", "startDate"],
  ["endDate=2026-13-01", "endDate"],
  ["startDate=2026-02-02&endDate=2026-02-01", "startDate"],
  ["period=hourly&startDate=2026-01-01&endDate=2026-03-01", "startDate"],
  ["tenantId=a%20b", "tenantId"],
  ["tennant=a", "tennant"],
])("a query with %s is refused, naming %s", async (query, field) => {
  expect(await service.call("GET", `/v1/admin/usage?${query}`, { token: TOKENS.admin })).toMatchObject({
    status: 400,
    body: { error: { code: "INVALID_REQUEST", details: [{ path: field }] } },
  });
});
