import { randomUUIDv7 } from "node:crypto";
import { HORIZON_DAYS } from "@quotel/conventions";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recordEvents } from "#database/record/record-events";
import type { UsageEvent } from "#database/record/usage-event";
import { dropOldPartitions } from "#database/retention/drop-old-partitions";
import { foldRollups } from "#database/rollups/fold";
import { inTransaction } from "#database/transaction";
import { tokensEvent } from "../../decisions/tokens-event.ts";
import { TOKENS, startTestService } from "../../running-service.ts";
import type { Answer } from "../../running-service.ts";

const service = await startTestService();
afterAll(service.stop);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
/** An instant some whole days before today's start, and so many milliseconds later. */
const daysAgo = (days: number, afterMs = 0): number => todayMs - days * DAY_MS + afterMs;
const text = (ms: number): string => new Date(ms).toISOString();
/** A day whose events will be gone. */
const LOST = HORIZON_DAYS + 4;

function call(method: string, path: string, body?: unknown): Promise<Answer> {
  return service.call(method, path, { token: TOKENS.admin, body });
}

const replay = (plan: string, body: object): Promise<Answer> => call("POST", `/v1/admin/plans/${plan}/replay`, body);

async function record(events: readonly UsageEvent[]): Promise<void> {
  await inTransaction(service.pool, (client) =>
    recordEvents(
      client,
      events.map((event) => ({ event, producerId: "test", receivedAtMicros: Date.now() * 1000 })),
    ),
  );
}

beforeAll(async () => {
  await service.pool.query("select quotel.ensure_event_partitions($1, $2)", [text(daysAgo(LOST)), text(todayMs)]);
  const lost = [60, 70].map((tokens, n) =>
    tokensEvent("acme", `lost ${n}`, tokens, null, daysAgo(LOST, 10 * HOUR_MS + n) * 1000),
  );
  const kept = [40, 50, 30, 10].map((tokens, n) =>
    tokensEvent("acme", `kept ${n}`, tokens, null, daysAgo(2, n * HOUR_MS) * 1000),
  );
  const others = [
    tokensEvent("globex", "small", 5, null, daysAgo(2) * 1000),
    tokensEvent("unattributed", "large", 5_000, null, daysAgo(2) * 1000),
    tokensEvent("globex", "later", 900, null, daysAgo(1) * 1000),
  ];
  await record([...lost, ...kept, ...others]);
  await foldRollups(service.pool);
  await dropOldPartitions(service.pool);
  const tokens = { resource: "tokens", period: "day", amount: 100 };
  await call("PUT", "/v1/admin/plans/small", {
    limits: [tokens, { resource: "members", period: "level", amount: 5 }],
  });
  await call("PUT", "/v1/admin/plans/slow", {
    limits: [
      { resource: "chat_messages", period: "hour", amount: 1 },
      { ...tokens, amount: 1, enforcement: "shadow" },
    ],
  });
});

const ALL_OF_A_DAY = { from: text(daysAgo(2)), to: text(daysAgo(1)) };
/** What a day of 100 tokens says to 40, 50, 30 and 10, an hour apart: the third does not fit, the fourth does. */
const THIRD_OF_FOUR = {
  tenantId: "acme",
  resolution: "event",
  firstDeniedAt: text(daysAgo(2, 2 * HOUR_MS)),
  deniedRequests: 1,
  deniedHours: 0,
  limits: [
    {
      resource: "tokens",
      period: "day",
      limit: 100,
      firstDeniedAt: text(daysAgo(2, 2 * HOUR_MS)),
      firstDeniedResolution: "event",
      deniedRequests: 1,
      deniedHours: 0,
      deniedAmount: 30,
      highestUsed: 130,
    },
  ],
};

test("X6: a replay from events says who would have been denied, when first, how often and by how much", async () => {
  const { status, body } = await replay("small", ALL_OF_A_DAY);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    planId: "small",
    version: 1,
    ...ALL_OF_A_DAY,
    resolution: "event",
    eventsFrom: text(daysAgo(2)),
    notReplayed: [{ resource: "members", period: "level", until: null }],
    tenantsReplayed: 2,
    tenantsDenied: 1,
    tenants: [THIRD_OF_FOUR],
  });
});

test("X6: what one reservation admitted is one request to a replay, however many events it had", async () => {
  const reservationId = randomUUIDv7();
  const reserved = { tenantId: "initech", reservationId, resource: "tokens", amount: 130 };
  expect((await service.call("POST", "/v1/quota/reservations", { body: reserved })).status).toBe(201);
  const [one, two] = [60, 70].map((tokens, n) => tokensEvent("initech", `together ${n}`, tokens, reservationId));
  await record([one!]);
  await record([two!]);
  const range = { from: text(daysAgo(1)), to: text(daysAgo(-2)), tenants: ["initech"] };
  expect((await replay("small", range)).body).toMatchObject({
    tenants: [{ tenantId: "initech", deniedRequests: 1, limits: [{ deniedAmount: 130, highestUsed: 130 }] }],
  });
});

test("X6: what was used before the replayed time in the same period counts, and changes nothing once a period has turned", async () => {
  const late = { from: text(daysAgo(2, 2 * HOUR_MS)), to: text(daysAgo(1)), tenants: ["acme", "acme", "unheard-of"] };
  expect((await replay("small", late)).body).toMatchObject({ tenantsReplayed: 1, tenants: [THIRD_OF_FOUR] });
  const dayAfter = { from: text(daysAgo(1)), to: text(todayMs) };
  expect((await replay("small", dayAfter)).body).toMatchObject({
    tenantsReplayed: 1,
    tenants: [{ tenantId: "globex", limits: [{ deniedAmount: 900, highestUsed: 900 }] }],
  });
});

test("X6: a replay counts rates in their windows, and a shadow limit denies nobody", async () => {
  // A window counts a sixtieth more than its hour, so one hour later is too early.
  expect((await replay("slow", { ...ALL_OF_A_DAY, tenants: ["acme"] })).body).toMatchObject({
    tenants: [
      {
        deniedRequests: 2,
        firstDeniedAt: text(daysAgo(2, HOUR_MS)),
        limits: [{ resource: "chat_messages", period: "hour", limit: 1, deniedAmount: 2, highestUsed: null }],
      },
    ],
  });
});

test("X6: where events are gone a replay takes hours, says so, and leaves rates out until there are events", async () => {
  const range = { from: text(daysAgo(LOST)), to: text(daysAgo(HORIZON_DAYS)), tenants: ["acme"] };
  const eventsFrom = text(daysAgo(HORIZON_DAYS + 1));
  expect((await replay("small", range)).body).toMatchObject({
    resolution: "mixed",
    eventsFrom,
    tenants: [
      {
        tenantId: "acme",
        resolution: "hour",
        firstDeniedAt: text(daysAgo(LOST, 10 * HOUR_MS)),
        deniedRequests: 0,
        deniedHours: 1,
        limits: [{ firstDeniedResolution: "hour", deniedHours: 1, deniedAmount: 30, highestUsed: 130 }],
      },
    ],
  });
  expect((await replay("slow", range)).body).toMatchObject({
    notReplayed: [{ resource: "chat_messages", period: "hour", until: eventsFrom }],
    tenantsReplayed: 1,
    tenantsDenied: 0,
  });
});

test("X6: lifetime counts what was used before the replayed time, from hours where events are gone", async () => {
  await call("PUT", "/v1/admin/plans/once", { limits: [{ resource: "tokens", period: "lifetime", amount: 220 }] });
  // 130 a month ago, then 40 and 50: the third of four would pass 220, as would the fourth.
  expect((await replay("once", { ...ALL_OF_A_DAY, tenants: ["acme"] })).body).toMatchObject({
    tenants: [{ deniedRequests: 2, limits: [{ deniedAmount: 40, highestUsed: 260 }] }],
  });
});

test.each<[body: object, field: string]>([
  [{ to: text(todayMs) }, "from"],
  [{ from: "yesterday", to: text(todayMs) }, "from"],
  [{ from: text(todayMs), to: text(todayMs) }, "to"],
  [{ from: text(daysAgo(400)), to: text(todayMs) }, "to"],
  [{ ...ALL_OF_A_DAY, tenants: [] }, "tenants"],
  [{ ...ALL_OF_A_DAY, tenants: ["not a tenant"] }, "tenants[0]"],
  [{ ...ALL_OF_A_DAY, tenant: "acme" }, "tenant"],
])("a replay of %j is refused, naming %s", async (body, field) => {
  expect(await replay("small", body)).toMatchObject({ status: 400, body: { error: { details: [{ path: field }] } } });
});

test("a replay of a plan that does not exist is 404", async () => {
  expect(await replay("platinum", ALL_OF_A_DAY)).toMatchObject({
    status: 404,
    body: { error: { code: "PLAN_NOT_FOUND" } },
  });
});
