import { expect, test } from "vitest";
import { normalise } from "../../../../collector/normalise/usage/normalise.ts";
import { ENDED_AT_MICROS, eventOf, KIND, outcomeOf, spanOf } from "./span-of.ts";

const HTTP = { "http.request.method": "POST", "http.route": "/chat", "http.response.status_code": 200 };

test("a chat span of current names becomes one complete event", () => {
  const event = eventOf(
    {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.response.model": "gpt-4o-2024-08-06",
      "gen_ai.usage.input_tokens": 100,
      "gen_ai.usage.output_tokens": 20,
      "gen_ai.usage.cache_read.input_tokens": 30,
      "gen_ai.usage.reasoning.output_tokens": 5,
      "quotel.tenant.id": "acme",
      "quotel.reservation.id": "01890A5D-AC96-774B-BCCE-B302099A8057",
      "quotel.seq": 7,
      "user.id": "u1",
    },
    { resource: { "quotel.boot.id": "boot-1" } },
  );
  expect(event).toEqual({
    tenantId: "acme",
    traceId: "0123456789abcdef0123456789abcdef",
    spanId: "0123456789abcdef",
    eventType: "chat",
    status: "ok",
    resource: "chat_messages",
    amount: 1,
    endedAtMicros: ENDED_AT_MICROS,
    durationMicros: 250_000,
    inputTokens: 100,
    outputTokens: 20,
    cacheReadTokens: 30,
    cacheWriteTokens: null,
    reasoningTokens: 5,
    usageSource: "provider",
    costNanoUsd: null,
    provider: "openai",
    model: "gpt-4o-2024-08-06",
    serviceTier: null,
    route: null,
    userId: "u1",
    reservationId: "01890a5d-ac96-774b-bcce-b302099a8057",
    bootId: "boot-1",
    seq: 7,
    flags: [],
    detail: null,
  });
});

test("a chat span of the older names gives the same usage", () => {
  const event = eventOf({
    "gen_ai.operation.name": "text_completion",
    "gen_ai.system": "az.ai.openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.prompt_tokens": 100,
    "gen_ai.usage.completion_tokens": 20,
    "gen_ai.usage.cache_creation.input_tokens": 10,
    "traceloop.association.properties.customer_id": "acme",
  });
  expect(event).toMatchObject({
    tenantId: "acme",
    eventType: "chat",
    provider: "azure.ai.openai",
    model: "gpt-4o",
    inputTokens: 100,
    outputTokens: 20,
    cacheWriteTokens: 10,
  });
});

test.each([
  ["chat", "chat", "chat_messages"],
  ["generate_content", "chat", "chat_messages"],
  ["Chat", "chat", "chat_messages"],
  ["embeddings", "embedding", "embeddings"],
])("the operation %s is a %s event and counts as %s", (operation, eventType, resource) => {
  const ok = eventOf({ "gen_ai.operation.name": operation });
  expect(ok).toMatchObject({ eventType, resource, amount: 1, status: "ok", usageSource: "none" });
  expect(eventOf({ "gen_ai.operation.name": operation, "error.type": "500" })).toMatchObject({
    status: "failed",
    amount: 0,
  });
  expect(eventOf({ "gen_ai.operation.name": operation }, { statusCode: 2 })).toMatchObject({
    status: "failed",
    amount: 0,
  });
});

test.each(["invoke_agent", "agent_step", "execute_tool", "fetch_response", "create_agent", "invoke_workflow", "plan"])(
  "the wrapper operation %s never counts",
  (operation) => {
    const span = spanOf({ "gen_ai.operation.name": operation, "gen_ai.usage.input_tokens": 5 });
    expect(outcomeOf(span)).toEqual({ kind: "ignored", reason: "other_operation" });
  },
);

test("failed model calls keep the tokens that the provider reported", () => {
  const event = eventOf({ "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 9, "error.type": "aborted" });
  expect(event).toMatchObject({ status: "failed", amount: 0, inputTokens: 9, outputTokens: null });
});

test.each([
  [200, 0, "ok", 1],
  [404, 0, "ok", 1],
  [500, 0, "failed", 1],
  [503, 0, "failed", 1],
  [200, 2, "failed", 1],
])("a server request with status %i and span status %i is %s and counts", (httpStatus, statusCode, status, amount) => {
  const event = eventOf({ ...HTTP, "http.response.status_code": httpStatus }, { kind: KIND.server, statusCode });
  expect(event).toMatchObject({ eventType: "api_call", resource: "api_calls", status, amount, route: "/chat" });
  expect(event).toMatchObject({ inputTokens: null, usageSource: null });
});

test("a server span of the old HTTP names is an API call too", () => {
  const event = eventOf({ "http.method": "GET", "http.status_code": "502" }, { kind: KIND.server });
  expect(event).toMatchObject({ eventType: "api_call", status: "failed", amount: 1 });
});

test("requests our own middleware refused count nothing", () => {
  const event = eventOf({ ...HTTP, "quotel.status": "rate_limited" }, { kind: KIND.server });
  expect(event).toMatchObject({ status: "rate_limited", amount: 0 });
});

test.each([KIND.client, KIND.internal, 0])("an HTTP span of kind %i is somebody else's request", (kind) => {
  expect(outcomeOf(spanOf(HTTP, { kind }))).toEqual({ kind: "ignored", reason: "not_a_server_span" });
});

test("a span about nothing we count is ignored, whatever its times", () => {
  expect(outcomeOf(spanOf({ "db.system": "redis" }, { endMicros: 0 }))).toEqual({
    kind: "ignored",
    reason: "no_usage",
  });
});

test("an explicit resource and amount are taken as told", () => {
  const told = { "quotel.event.type": "kb_ingest", "quotel.resource": "agent_minutes", "quotel.amount": 12 };
  expect(eventOf(told)).toMatchObject({ eventType: "kb_ingest", resource: "agent_minutes", amount: 12 });
  expect(eventOf({ "quotel.resource": "pages", "quotel.amount": 0 })).toMatchObject({ eventType: "usage", amount: 0 });
  expect(eventOf({ ...told, "quotel.status": "rate_limited" }).amount).toBe(0);
});

test("an event type we do not know is kept and counts no resource", () => {
  expect(eventOf({ "quotel.event.type": "tea_break" })).toMatchObject({ resource: null, amount: 0 });
});

test("a reservation id that is not a UUID does not cost the usage", () => {
  const event = eventOf({ "gen_ai.operation.name": "chat", "quotel.reservation.id": "all of it" });
  expect(event).toMatchObject({ reservationId: null, amount: 1 });
});

test("only an end more than a minute ahead of receipt is flagged, and nothing is moved", () => {
  const minute = 60_000_000;
  expect(eventOf({ "gen_ai.operation.name": "chat" }, { endMicros: ENDED_AT_MICROS + minute }).flags).toEqual([]);
  const ahead = eventOf({ "gen_ai.operation.name": "chat" }, { endMicros: ENDED_AT_MICROS + minute + 1 });
  expect(ahead).toMatchObject({ flags: ["clock_skew"], endedAtMicros: ENDED_AT_MICROS + minute + 1 });
});

test("a word in whichever vendor's vocabulary that is none of its countable ones never counts", () => {
  const words = [
    "gen_ai.operation.name",
    "openinference.span.kind",
    "langfuse.observation.type",
    "llm.request.type",
    "gen_ai_type",
    "traceloop.span.kind",
  ];
  for (const name of words) {
    expect(outcomeOf(spanOf({ [name]: "wraps_others", "gen_ai.usage.input_tokens": 5 })), name).toEqual({
      kind: "ignored",
      reason: "other_operation",
    });
  }
});

test("only the scopes that a key names count, and only where spans would count at all", () => {
  const countScopes = ["@traceloop/*", "acme.chat"];
  const outcome = (name: string, attributes = { "gen_ai.operation.name": "chat" }) =>
    normalise(spanOf(attributes, { scope: { name, version: "" } }), { tenants: null, countScopes }, ENDED_AT_MICROS);
  expect(outcome("@traceloop/instrumentation-openai").kind).toBe("event");
  expect(outcome("acme.chat").kind).toBe("event");
  expect(outcome("acme.chat.v2")).toEqual({ kind: "ignored", reason: "scope_not_counted" });
  expect(outcome("openai")).toEqual({ kind: "ignored", reason: "scope_not_counted" });
  expect(outcome("openai", { "gen_ai.operation.name": "plan" })).toEqual({
    kind: "ignored",
    reason: "other_operation",
  });
});

test("a span that says it is counted elsewhere never counts, unless it names its event itself", () => {
  const elsewhere = { kind: "ignored", reason: "counted_elsewhere" };
  const chat = { "gen_ai.operation.name": "chat" };
  expect(outcomeOf(spanOf({ ...chat, "quotel.counted": false }))).toEqual(elsewhere);
  expect(outcomeOf(spanOf({ ...HTTP, "quotel.counted": false }, { kind: KIND.server }))).toEqual(elsewhere);
  expect(outcomeOf(spanOf({ ...chat, "quotel.counted": true })).kind).toBe("event");
  expect(outcomeOf(spanOf({ "quotel.event.type": "chat", "quotel.counted": false })).kind).toBe("event");
  const named = { "quotel.resource": "kb_ingests", "quotel.amount": 2, "quotel.counted": false };
  expect(outcomeOf(spanOf(named)).kind).toBe("event");
});

test("our own instrumentation's requests count under any parent, Next.js' second server span does not", () => {
  const local = { kind: KIND.server, parentSpanId: "00f067aa0ba902b7", flags: 0x101 };
  const own = { "quotel.event.type": "api_call", ...HTTP };
  expect(outcomeOf(spanOf(own, { ...local, scope: { name: "@quotel/instrumentation", version: "" } })).kind).toBe(
    "event",
  );
  expect(outcomeOf(spanOf(HTTP, { ...local, scope: { name: "next.js", version: "0.0.1" } }))).toEqual({
    kind: "ignored",
    reason: "nested_span",
  });
});

test("minutes without an amount are the span's started ones, and unknown where it does not say when it began", () => {
  const minutes = (ms: number) =>
    eventOf({ "quotel.resource": "agent_minutes" }, { startMicros: ENDED_AT_MICROS - ms * 1000 }).amount;
  expect([1, 60_000, 60_001, 3_600_000].map(minutes)).toEqual([1, 1, 2, 60]);
  expect(outcomeOf(spanOf({ "quotel.resource": "agent_minutes" }, { startMicros: 0 }))).toEqual({
    kind: "rejected",
    reason: "invalid_amount",
  });
});

test.each([
  [{ "openai.response.service_tier": "Priority" }, "priority"],
  [{ "openai.response.service_tier": "default", "openai.request.service_tier": "flex" }, "default"],
  [{ "gen_ai.openai.request.service_tier": "flex" }, "flex"],
  [{ "openai.request.service_tier": "auto" }, null],
  [{ "openai.response.service_tier": "x".repeat(100) }, "x".repeat(64)],
])("the service tier of %o is %s", (attributes, tier) => {
  expect(eventOf({ "gen_ai.operation.name": "chat", ...attributes }).serviceTier).toBe(tier);
});
