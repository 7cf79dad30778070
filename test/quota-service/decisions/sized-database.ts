import { randomUUIDv7 } from "node:crypto";
import { createDecisionEngine } from "../../../quota-service/decisions/engine.ts";
import type { DecisionEngine } from "../../../quota-service/decisions/contract.ts";
import { accountingPeriods } from "#database/periods/period";
import { createPool } from "#database/pool";
import { recordEvents } from "#database/record/record-events";
import { TotalDeltas, addToTotals } from "#database/totals/add-to-totals";
import { inTransaction } from "#database/transaction";
import type { TestDatabase } from "../../database/test-database.ts";
import { tokensEvent } from "./tokens-event.ts";

/** How much a database holds. */
export interface Size {
  /** In the ledger, all of one tenant today, a token each. */
  readonly events: number;
  /** With totals, of that tenant and of each of the other ones; at least a month's. */
  readonly days: number;
  readonly otherTenants: number;
  /** Open reservations of the tenant, a token each. */
  readonly open: number;
}

/** How connections that fill a database call themselves; they are ended when it is full. */
export const FILLING = "filling";
const TENANT = "acme";
export const TOKENS_PER_DAY = 1_000_000;
const CALLER = { keyId: "service" };
const DAY_MS = 86_400_000;
const quiet = { error: () => {} };

/** The tenant on a plan with limits of every kind. */
export async function subscribe({ adminUrl }: TestDatabase): Promise<void> {
  const admin = createPool({ connectionString: adminUrl, applicationName: FILLING });
  await admin.query(
    `insert into quotel.plans (plan_id, version) values ('plan', 1);
     insert into quotel.plan_limits (plan_id, version, resource, period, amount, grace_seconds) values
       ('plan', 1, 'tokens', 'day', ${TOKENS_PER_DAY}, 0), ('plan', 1, 'tokens', 'month', 1000000000, 3600),
       ('plan', 1, 'api_calls', 'minute', 1000000, 0), ('plan', 1, 'searches', 'lifetime', 1000, 0),
       ('plan', 1, 'members', 'level', 100, 0);
     insert into quotel.tenants (tenant_id, plan_id) values ('${TENANT}', 'plan');
     select quotel.ensure_event_partitions(current_date - 1, current_date + 1);`,
  );
  await admin.end();
}

/** Fills a database as its owners do: events are recorded, days added to, reservations admitted. */
export async function fill(database: TestDatabase, size: Size): Promise<void> {
  const pool = createPool({ connectionString: database.writerUrl, applicationName: FILLING });
  const nowMs = Date.now();
  const events = Array.from({ length: size.events }, (_, index) => ({
    event: tokensEvent(TENANT, `event ${index}`, 1, null, nowMs * 1000),
    producerId: "test",
    receivedAtMicros: nowMs * 1000,
  }));
  await inTransaction(pool, (client) => recordEvents(client, events));
  const deltas = new TotalDeltas();
  const tenants = [TENANT, ...Array.from({ length: size.otherTenants }, (_, index) => `other-${index}`)];
  for (let daysAgo = 1; daysAgo < size.days; daysAgo++) {
    const periods = accountingPeriods(nowMs - daysAgo * DAY_MS, []);
    for (const tenantId of tenants) deltas.add(tenantId, "tokens", periods, { used: 1 });
  }
  await inTransaction(pool, (client) => addToTotals(client, deltas));
  await pool.end();
  await withEngine(database, FILLING, async (engine) => {
    await Promise.all(Array.from({ length: size.open }, () => reserve(engine, "tokens", 1)));
  });
}

/** Tells the planner how much there is, as autovacuum does in time. */
export async function analyse({ adminUrl }: TestDatabase): Promise<void> {
  const admin = createPool({ connectionString: adminUrl, applicationName: FILLING });
  await admin.query("vacuum (analyze)");
  await admin.end();
}

/** Gives the work a decision engine of its own, on connections that say `applicationName` and are ended after it. */
export async function withEngine(
  { writerUrl }: TestDatabase,
  applicationName: string,
  work: (engine: DecisionEngine) => Promise<void>,
): Promise<void> {
  const pool = createPool({ connectionString: writerUrl, applicationName });
  const engine = createDecisionEngine({ pool, defaultPlan: null, log: quiet });
  await work(engine);
  await engine.drain();
  await pool.end();
}

/** Whether the tenant may have it. */
export async function check(engine: DecisionEngine, resource: string, amount: number): Promise<boolean> {
  const outcome = await engine.check({ tenantId: TENANT, items: [{ resource, amount }] }, CALLER);
  return outcome.kind === "decided" && outcome.decision.allowed;
}

/** Whether the tenant was given it. */
export async function reserve(engine: DecisionEngine, resource: string, amount: number): Promise<boolean> {
  const named = { tenantId: TENANT, reservationId: randomUUIDv7(), requestHash: "00" };
  const items = [{ resource, amount }];
  return (await engine.reserve({ ...named, items, ttlSeconds: 300 }, CALLER)).kind === "reserved";
}
