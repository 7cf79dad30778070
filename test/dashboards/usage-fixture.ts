import { Client } from "pg";
import type { Pool } from "pg";
import { recordEvents } from "#database/record/record-events";
import { amountEvent } from "#database/record/amount-event";
import type { UsageEvent } from "#database/record/usage-event";
import { inTransaction } from "#database/transaction";

const DAY_MS = 86_400_000;

/** A trial tenant at 90 % of its tokens, an enterprise one without limit and one that does nothing. */
export async function recordUsage(ownerUrl: string, writer: Pool, now: Date): Promise<void> {
  const owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query(PLANS_AND_TENANTS);
  await owner.end();
  await writer.query("select quotel.ensure_event_partitions($1::date - 2, $1::date + 1)", [now]);
  const receivedAtMicros = now.getTime() * 1000;
  const received = eventsOf(now).map((event) => ({ event, producerId: "test", receivedAtMicros }));
  await inTransaction(writer, (client) => recordEvents(client, received));
}

const PLANS_AND_TENANTS = `
  insert into quotel.plans (plan_id, version) values ('small', 1), ('boundless', 1);
  insert into quotel.plan_limits (plan_id, version, resource, period, amount) values
    ('small', 1, 'tokens', 'day', 1000), ('small', 1, 'chat_messages', 'day', 10),
    ('boundless', 1, 'tokens', 'day', null);
  insert into quotel.tenants (tenant_id, plan_id) values ('acme', 'small'), ('globex', 'boundless'), ('idle', 'small');`;

/** acme: five requests of 100 ms and two chats now; globex: an embedding now and a free chat a day ago. */
function eventsOf(now: Date): UsageEvent[] {
  const today = now.getTime();
  const chat = { eventType: "chat", resource: "chat_messages", provider: "openai", usageSource: "provider" } as const;
  const changes: Partial<UsageEvent>[] = [
    {},
    {},
    {},
    { status: "rate_limited", amount: 0 },
    { status: "failed", amount: 0 },
    { ...chat, model: "gpt-4o-mini", inputTokens: 600, outputTokens: 250, costNanoUsd: 1_500_000_001 },
    { ...chat, model: "mystery", inputTokens: 10, outputTokens: 40, usageSource: "estimated" },
    {
      ...chat,
      tenantId: "globex",
      eventType: "embedding",
      resource: "embeddings",
      model: "text-embedding-3-small",
      inputTokens: 100,
      outputTokens: 0,
      costNanoUsd: 2_000_000_000,
    },
    {
      ...chat,
      tenantId: "globex",
      model: "gpt-4o-mini",
      inputTokens: 50,
      outputTokens: 50,
      costNanoUsd: 0,
      endedAtMicros: (today - DAY_MS) * 1000,
    },
  ];
  return changes.map((change, index) => ({ ...apiCall(index + 1, today * 1000), ...change }));
}

function apiCall(number: number, endedAtMicros: number): UsageEvent {
  const call = { tenantId: "acme", resource: "api_calls", amount: 1, endedAtMicros };
  return { ...amountEvent(call, `call ${number}`), eventType: "api_call", durationMicros: 100_000 };
}
