import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import type { DecisionExplanation, ReservationDecision } from "@quotel/conventions";
import { recordEvents } from "#database/record/record-events";
import { inTransaction } from "#database/transaction";
import { tokensEvent } from "../decisions/tokens-event.ts";
import { TOKENS, startTestService } from "../running-service.ts";
import type { Answer } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);

async function reserve(tenantId: string, resource: string, amount: number): Promise<ReservationDecision> {
  const body = { tenantId, reservationId: randomUUIDv7(), resource, amount };
  return (await service.call("POST", "/v1/quota/reservations", { body })).body as ReservationDecision;
}

const explain = (tenantId: string, id: string, token: string = TOKENS.service): Promise<Answer> =>
  service.call("GET", `/v1/quota/decisions/${id}?tenantId=${tenantId}`, { token });

async function denialsOf(tenantId: string): Promise<{ resource: string; reason: string; n: number }[]> {
  const { rows } = await service.pool.query<{ resource: string; reason: string; n: number }>(
    `select resource, reason, sum(denials)::int as n from public.quota_denials where tenant_id = $1
     group by 1, 2 order by 1, 2`,
    [tenantId],
  );
  return rows;
}

test("I9: denials are counted by resource and reason, ten a minute are kept, and nothing else is written", async () => {
  const tenantId = "denied";
  await reserve(tenantId, "tokens", 9_999);
  const denials = await Promise.all(Array.from({ length: 30 }, () => reserve(tenantId, "tokens", 2)));
  await reserve(tenantId, "chat_messages", 101);
  await expect
    .poll(() => denialsOf(tenantId), { timeout: 20_000 })
    .toEqual([
      { resource: "chat_messages", reason: "AMOUNT_EXCEEDS_LIMIT", n: 1 },
      { resource: "tokens", reason: "QUOTA_EXCEEDED", n: 30 },
    ]);
  const { rows } = await service.pool.query(
    `select (select count(*)::int from quotel.reservations where tenant_id = $1) as reservations,
       (select max(n)::int from (select count(*) as n from quotel.denied_decisions where tenant_id = $1
          group by resource, minute) k) as kept,
       (select reserved from quotel.quota_totals where tenant_id = $1 and period = 'day' and resource = 'tokens') as held`,
    [tenantId],
  );
  expect(rows).toEqual([{ reservations: 1, kept: 10, held: 9_999 }]);
  const kept = await explain(tenantId, denials[0]!.decisionId);
  expect(kept).toMatchObject({ status: 200, body: { kind: "denial", reservation: null, events: [] } });
  expect((kept.body as DecisionExplanation).decision).toEqual(denials[0]);
});

test("X4: an admission is explained by its limit, its usage then, its events and what has settled", async () => {
  const admitted = await reserve("explained", "tokens", 500);
  const event = tokensEvent("explained", "span", 120, admitted.reservationId);
  await service.pool.query("select quotel.ensure_event_partitions(current_date - 1, current_date + 1)");
  await inTransaction(service.pool, (client) =>
    recordEvents(client, [{ event, producerId: "test", receivedAtMicros: Date.now() * 1000 }]),
  );
  const answer = await explain("explained", admitted.decisionId);
  expect(answer).toMatchObject({
    status: 200,
    body: {
      kind: "admission",
      decision: { allowed: true, items: [{ limit: 10_000, used: 0, source: "default", granted: 500 }] },
      reservation: { state: "open", items: [{ resource: "tokens", estimate: 500, settled: 120, held: 380 }, {}] },
      events: [{ eventType: "chat", inputTokens: 120, traceId: event.traceId, spanId: event.spanId }],
      moreEvents: false,
    },
  });
});

test("I13: a decision is explained to nobody but its tenant and those who speak for all", async () => {
  const { decisionId } = await reserve("acme", "tokens", 1);
  expect((await explain("acme", decisionId, TOKENS.acme)).status).toBe(200);
  const foreign = await reserve("other", "tokens", 1);
  expect((await explain("other", foreign.decisionId, TOKENS.acme)).status).toBe(403);
  expect(await explain("acme", foreign.decisionId)).toMatchObject({
    status: 404,
    body: { error: { code: "DECISION_NOT_FOUND" } },
  });
});

test("denials of the last moment before an orderly stop are counted", async () => {
  const stopping = await startTestService();
  const body = { tenantId: "late", reservationId: randomUUIDv7(), resource: "tokens", amount: 10_001 };
  await stopping.call("POST", "/v1/quota/reservations", { body });
  await stopping.close();
  const { rows } = await stopping.pool.query("select denials from public.quota_denials");
  await stopping.stop();
  expect(rows).toEqual([{ denials: 1 }]);
});
