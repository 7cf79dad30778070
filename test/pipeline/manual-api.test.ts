import { afterAll, expect, test } from "vitest";

import {
  changeLevel,
  recordUsage,
  reportLevel,
  startedMinutes,
  storageBytes,
  trackUsage,
  withTenant,
} from "@quotel/instrumentation";
import { ChatAudit, ConfigAudit, ErrorAudit, KBAudit, TrialAudit, recordAudit } from "@quotel/instrumentation/audit";
import { createMeter } from "../../instrumentation/src/metering/meter.ts";
import { metering } from "../../instrumentation/src/process/metering.ts";
import { driftFromLedger } from "../database/record/usage-oracle.ts";
import { startCollectorOnDatabase } from "./processes/collector-on-database.ts";
import { KEYS } from "./processes/rooms.ts";

const { admin, collector } = await startCollectorOnDatabase();
const meter = createMeter({ endpoint: new URL(collector.url), ingestKey: KEYS.ingest, serviceName: "test" });
afterAll(() => meter.stop());
metering().meter = meter;

/** A tenant's lifetime totals, by resource; those of nothing are left out. */
async function totals(tenant: string): Promise<Record<string, number>> {
  const { rows } = await admin.query<{ resource: string; used: number }>(
    "select resource, used from quotel.quota_totals where period = 'lifetime' and tenant_id = $1 and used <> 0",
    [tenant],
  );
  return Object.fromEntries(rows.map(({ resource, used }) => [resource, used]));
}

async function events(tenant: string): Promise<unknown[]> {
  const { rows } = await admin.query(
    `select event_type, status, resource, amount::int, input_tokens, output_tokens, usage_source, model, detail
     from quotel.usage_events where tenant_id = $1 order by seq`,
    [tenant],
  );
  return rows;
}

async function levelOf(tenant: string, resource: string): Promise<number | undefined> {
  const { rows } = await admin.query<{ value: number }>(
    "select value from public.usage_levels where tenant_id = $1 and resource = $2",
    [tenant, resource],
  );
  return rows[0]?.value;
}

/** Everything said so far is in Postgres when this returns, and nothing of it was refused. */
async function delivered(): Promise<void> {
  expect(await meter.flush(10_000)).toBe(true);
  expect(meter.counters()).toMatchObject({ rejected: 0, quarantined: 0, dropped: 0, waiting: 0 });
}

test("R2, R5: what a tracker says of its work is in the ledger, metadata and all", async () => {
  trackUsage("tracked", "embedding", { site_id: "s1" }).recordSuccess({
    tokens_used: 412,
    response_time_ms: 1_250,
    status: 200,
    model: "bge-m3",
  });
  trackUsage("tracked", "chat").recordSuccess({ input_tokens: 100, output_tokens: 20 });
  trackUsage("tracked", "search").recordSuccess({ hits: 3, cached: false, score: 0.5 });
  trackUsage("tracked", "kb_ingest").recordFailure(new RangeError("no"));
  trackUsage("tracked", "chat").recordRateLimit();
  await delivered();
  expect(await events("tracked")).toMatchObject([
    {
      event_type: "embedding",
      status: "ok",
      amount: 1,
      input_tokens: 412,
      usage_source: "provider",
      model: "bge-m3",
      detail: { "metadata.site_id": "s1", "metadata.status": 200 },
    },
    { event_type: "chat", input_tokens: 100, output_tokens: 20 },
    { event_type: "search", detail: { "metadata.hits": 3, "metadata.cached": false, "metadata.score": 0.5 } },
    { event_type: "kb_ingest", status: "failed", amount: 0, detail: { "metadata.error": "RangeError" } },
    { event_type: "chat", status: "rate_limited", amount: 0 },
  ]);
  expect(await totals("tracked")).toEqual({
    chat_messages: 1,
    embeddings: 1,
    embedding_tokens: 412,
    searches: 1,
    tokens: 412 + 120,
  });
});

test("R6, R8: amounts of resources are counted, and a ledger of what is held takes corrections below zero", async () => {
  const memory = { text: "Grüße", vectorDimensions: 1_536, tags: ["drinks"], metadata: { site: 1 } };
  expect(storageBytes(memory)).toBe(7 + 4 * 1_536 + 6 + 10 + 162);
  withTenant("minutes", () => {
    recordUsage({ resource: "agent_minutes", amount: startedMinutes(61_000) });
    recordUsage({ resource: "call_minutes", amount: 5 });
    recordUsage({ resource: "memory_storage", amount: storageBytes(memory) });
    recordUsage({ resource: "memory_storage", amount: 1_000 });
    recordUsage({ resource: "memory_storage", amount: -storageBytes(memory) });
    recordUsage({ resource: "tokens", amount: 77, eventType: "import" });
  });
  await delivered();
  expect(await totals("minutes")).toEqual({ agent_minutes: 2, call_minutes: 5, memory_storage: 1_000, tokens: 77 });
  expect(await driftFromLedger(admin)).toEqual([]);
});

test("R3: estimated usage is marked as estimated all the way", async () => {
  recordUsage({ tenantId: "estimated", eventType: "chat", inputTokens: 9, outputTokens: 1, usageSource: "estimated" });
  await delivered();
  expect(await events("estimated")).toMatchObject([{ usage_source: "estimated", input_tokens: 9, output_tokens: 1 }]);
});

test("R7: the latest report is the level, and changes move it from there", async () => {
  reportLevel("held", "members", 10);
  reportLevel("held", "members", 12);
  reportLevel("held", "members", 99, new Date(Date.now() - 60_000));
  changeLevel("held", "channels", 5);
  changeLevel("held", "channels", -2);
  changeLevel("held", "channels", -2);
  await delivered();
  expect(await levelOf("held", "members")).toBe(12);
  expect(await levelOf("held", "channels")).toBe(1);
});

test("L2: every builder's event is in the tenant's audit trail once, in order, with its fields", async () => {
  const at = new Date("2026-01-02T03:04:05.000Z");
  const actor = { type: "admin", id: "ann" } as const;
  TrialAudit.created("audited", { plan: "trial", expiresAt: at, actor, requestId: "r1", metadata: { via: "form" } });
  TrialAudit.upgraded("audited", { fromPlan: "trial", toPlan: "pro" });
  TrialAudit.extended("audited", { expiresAt: at });
  TrialAudit.expired("audited", { plan: "trial" });
  TrialAudit.cancelled("audited", { plan: "trial", reason: "price" });
  KBAudit.uploaded("audited", { documentId: "d1", name: "prices.pdf", bytes: 10, chunks: 2 });
  KBAudit.uploadFailed("audited", { name: "broken.pdf", error: new Error("not a PDF") });
  KBAudit.crawled("audited", { url: "https://example.com/docs?token=secret", pages: 4 });
  KBAudit.manualAdded("audited", { documentId: "d2" });
  KBAudit.deleted("audited", { documentId: "d1", name: "prices.pdf" });
  ChatAudit.sessionCreated("audited", {
    sessionId: "s1",
    visitorId: "v1",
    clientAddress: "192.0.2.1",
    userAgent: "UA",
  });
  ChatAudit.messageReceived("audited", { sessionId: "s1", characters: 12 });
  ChatAudit.responseSent("audited", { sessionId: "s1", tokens: 40, responseTimeMs: 900 });
  ChatAudit.sessionEnded("audited", { sessionId: "s1", messages: 2 });
  ConfigAudit.brandingUpdated("audited", { old: { color: "red" }, new: { color: "blue" } });
  ConfigAudit.toolsAssigned("audited", { agentId: "a1", old: ["search"], new: ["search", "mail"] });
  ConfigAudit.widgetGenerated("audited", { widgetId: "w1" });
  ErrorAudit.apiError("audited", { route: "/chat", statusCode: 502, error: new Error("bad gateway") });
  ErrorAudit.quotaExceeded("audited", { resource: "tokens", limit: 100, used: 99, requested: 5 });
  ErrorAudit.securityViolation("audited", { violation: "cross_tenant_read" });
  for (const summary of ["first", "again"]) recordAudit("audited", "team.joined", { auditId: "fixed", summary, at });
  await delivered();
  const { rows } = await admin.query<Record<string, unknown>>(
    "select * from public.audit_events where tenant_id = 'audited' order by seq",
  );
  const short = rows.map((row) => [
    row["event_type"],
    row["entity_type"],
    row["entity_id"],
    row["action"],
    row["result"],
  ]);
  expect(short).toEqual([
    ["trial.created", "trial", "audited", "created", "success"],
    ["trial.upgraded", "trial", "audited", "upgraded", "success"],
    ["trial.extended", "trial", "audited", "extended", "success"],
    ["trial.expired", "trial", "audited", "expired", "success"],
    ["trial.cancelled", "trial", "audited", "cancelled", "success"],
    ["kb.uploaded", "kb_document", "d1", "uploaded", "success"],
    ["kb.upload_failed", "kb_document", null, "upload_failed", "failure"],
    ["kb.crawled", "kb_site", "https://example.com/docs", "crawled", "success"],
    ["kb.manual_added", "kb_document", "d2", "manual_added", "success"],
    ["kb.deleted", "kb_document", "d1", "deleted", "success"],
    ["chat.session_created", "chat_session", "s1", "session_created", "success"],
    ["chat.message_received", "chat_session", "s1", "message_received", "success"],
    ["chat.response_sent", "chat_session", "s1", "response_sent", "success"],
    ["chat.session_ended", "chat_session", "s1", "session_ended", "success"],
    ["config.branding_updated", "branding", "audited", "branding_updated", "success"],
    ["config.tools_assigned", "agent", "a1", "tools_assigned", "success"],
    ["config.widget_generated", "widget", "w1", "widget_generated", "success"],
    ["error.api_error", "route", "/chat", "api_error", "failure"],
    ["error.quota_exceeded", "limit", "tokens", "quota_exceeded", "failure"],
    ["error.security_violation", "security", "cross_tenant_read", "security_violation", "failure"],
    ["team.joined", null, null, "joined", "success"],
  ]);
  const ofType = (type: string) => rows.find((row) => row["event_type"] === type);
  expect(ofType("trial.created")).toMatchObject({
    actor_type: "admin",
    actor_id: "ann",
    new_values: { plan: "trial", expiresAt: at.toISOString() },
    request_id: "r1",
    metadata: { via: "form" },
  });
  expect(ofType("chat.session_created")).toMatchObject({ actor_type: "visitor", actor_id: "v1", user_agent: "UA" });
  expect(ofType("config.tools_assigned")).toMatchObject({ old_values: ["search"], new_values: ["search", "mail"] });
  expect(ofType("kb.upload_failed")).toMatchObject({ error: "not a PDF", new_values: { name: "broken.pdf" } });
  expect(ofType("team.joined")).toMatchObject({ summary: "first" });
  expect(JSON.stringify(rows)).not.toContain("secret");
});

test("the collector has measured lag, batches and commits of each signal", async () => {
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  for (const signal of ["traces", "metrics", "logs"]) {
    for (const histogram of ["lag_seconds", "batch_items", "commit_seconds"]) {
      expect(metrics).toMatch(new RegExp(`^quotel_collector_${histogram}_count\\{signal="${signal}"\\} [1-9]`, "m"));
    }
    expect(metrics).toMatch(new RegExp(`^quotel_collector_committed_items_total\\{signal="${signal}"\\} [1-9]`, "m"));
  }
});
