import { randomUUIDv7 } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { driftFromHolds, driftFromLedger } from "../database/record/usage-oracle.ts";
import { createTestDatabase } from "../database/test-database.ts";
import { inParallel } from "./in-parallel.ts";
import { passedLimits, watchTotals } from "./observed-totals.ts";
import { close, extend, release, reserve } from "./quota-client.ts";
import { planFile, startCollector, startQuotaService, stopRooms } from "./rooms.ts";
import { chatEvent, sendSpans } from "./telemetry.ts";

/** Of tokens, per day and also for life, so that a race at midnight is the same race. */
const LIMIT = 20;
const CLIENTS = 60;
const TENANTS = Array.from({ length: 20 }, (_, i) => i);

describe.each([18, 15] as const)("three quota services and a collector on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
  afterAll(() => admin.end());
  await watchTotals(admin, "tokens", LIMIT);
  const plan = await planFile("race", [
    { resource: "tokens", period: "day", amount: LIMIT },
    { resource: "tokens", period: "lifetime", amount: LIMIT },
  ]);
  afterAll(plan.remove);
  const quotas = await Promise.all([1, 2, 3].map(() => startQuotaService(database.writerUrl, plan)));
  const collector = await startCollector(database.writerUrl, plan);
  afterAll(() => stopRooms([...quotas, collector]));

  const quotaUrl = (n: number): string => quotas[n % quotas.length]!.url;
  const deliver = async (...events: UsageEvent[]): Promise<void> => {
    expect((await sendSpans(collector.url, events)).status).toBe(200);
  };

  /** The n-th ask of every tenant goes to another instance than the one before; a tenant's first three meet at once. */
  const asksOf = (tenants: readonly string[], each: number): { tenant: string; n: number }[] =>
    Array.from({ length: Math.ceil(each / 3) }, (_, round) =>
      tenants.flatMap((tenant) => [0, 1, 2].map((i) => ({ tenant, n: round * 3 + i }))),
    )
      .flat()
      .filter(({ n }) => n < each);

  const totalsOf = async (tenants: readonly string[]): Promise<Map<string, { used: number; reserved: number }>> => {
    const { rows } = await admin.query<{ tenant_id: string; used: number; reserved: number }>(
      `select tenant_id, used, reserved from quotel.quota_totals
       where resource = 'tokens' and period = 'lifetime' and tenant_id = any ($1)`,
      [tenants],
    );
    return new Map(rows.map(({ tenant_id, used, reserved }) => [tenant_id, { used, reserved }]));
  };

  const expectNoDrift = async (): Promise<void> => {
    expect(await passedLimits(admin)).toEqual([]);
    expect(await driftFromHolds(admin)).toEqual([]);
    expect(await driftFromLedger(admin)).toEqual([]);
  };

  test("I8: of everything asked at once, from a tenant's first request on, exactly what fits is admitted while spans and closes turn holds into usage", async () => {
    const tenants = TENANTS.map((i) => `newcomer-${i}`);
    const amount = 2;
    const late: (() => Promise<void>)[] = [];
    // The collector meets the same newcomers in the same moment; what they did there used nothing.
    const greetings = Promise.all(tenants.map((tenant) => deliver(chatEvent(tenant, "greeting", 0))));
    const answers = await inParallel(CLIENTS, asksOf(tenants, 15), async ({ tenant, n }) => {
      const it = await reserve(quotaUrl(n), tenant, randomUUIDv7(), amount);
      if (!it.admitted) return { tenant, admitted: 0 };
      const spans = [1, 2].map((part) => chatEvent(tenant, `${n} part ${part}`, 1, it.reservationId));
      const closing = (): Promise<void> => close(quotaUrl(n + 1), tenant, it.reservationId, amount);
      const settling = (): Promise<unknown> => Promise.all([deliver(...spans), deliver(spans[1]!), deliver(...spans)]);
      if (n % 4 === 0) await settling();
      else if (n % 4 === 1) await closing().then(settling);
      else if (n % 4 === 2) await Promise.all([settling(), closing()]);
      else late.push(() => deliver(...spans, ...spans));
      return { tenant, admitted: amount };
    });
    await greetings;
    for (const tenant of tenants) {
      const admitted = answers.reduce((sum, answer) => sum + (answer.tenant === tenant ? answer.admitted : 0), 0);
      expect({ tenant, admitted }).toEqual({ tenant, admitted: LIMIT });
    }
    await inParallel(CLIENTS, late, (send) => send());
    expect(await totalsOf(tenants)).toEqual(new Map(tenants.map((it) => [it, { used: LIMIT, reserved: 0 }])));
    await expectNoDrift();
  });

  test("I8, I10: releases, partial closes, extensions, late and repeated spans leave exactly what their sums say, never over a limit on the way, and all that is left can be had", async () => {
    const tenants = TENANTS.map((i) => `mixed-${i}`);
    const sums = new Map(tenants.map((tenant) => [tenant, { used: 0, reserved: 0 }]));
    const late: (() => Promise<void>)[] = [];
    await inParallel(CLIENTS, asksOf(tenants, 21), async ({ tenant, n }) => {
      const estimate = 2 + (n % 5);
      const { admitted, reservationId } = await reserve(quotaUrl(n), tenant, randomUUIDv7(), estimate);
      if (!admitted) return;
      const url = quotaUrl(n + 1);
      const sum = sums.get(tenant)!;
      const span = (part: string, tokens: number): UsageEvent =>
        chatEvent(tenant, `${n} ${part}`, tokens, reservationId);
      switch (n % 7) {
        case 0: // The work did not happen.
          return release(url, tenant, reservationId);
        case 1: // Closed below the estimate, then settled, with repetitions.
          sum.used += estimate - 1;
          await close(url, tenant, reservationId, estimate - 1);
          await Promise.all([deliver(span("a", 1), span("b", estimate - 2)), deliver(span("b", estimate - 2))]);
          return;
        case 2: // Spans and close race.
          sum.used += estimate - 1;
          await Promise.all([
            deliver(span("a", estimate - 1), span("a", estimate - 1)),
            close(url, tenant, reservationId, estimate - 1),
          ]);
          return;
        case 3: // Never closed.
          sum.used += 1;
          sum.reserved += estimate - 1;
          return deliver(span("a", 1));
        case 4: {
          // Extended if there is room; its spans come when everyone has gone.
          const total = estimate + ((await extend(url, tenant, reservationId, 2)) ? 2 : 0);
          sum.used += total;
          await close(quotaUrl(n + 2), tenant, reservationId, total);
          late.push(() => deliver(span("late", total), span("late", total)));
          return;
        }
        case 5: // Settled by the close itself.
          sum.used += estimate;
          return close(url, tenant, reservationId, estimate, "now");
        default: // One of its spans is lost.
          sum.used += 1;
          sum.reserved += estimate - 2;
          await deliver(span("a", 1));
          return close(url, tenant, reservationId, estimate - 1);
      }
    });
    await inParallel(CLIENTS, late, (send) => send());
    expect(await totalsOf(tenants)).toEqual(sums);
    await inParallel(CLIENTS, tenants, async (tenant) => {
      const { used, reserved } = sums.get(tenant)!;
      const left = LIMIT - used - reserved;
      expect(left === 0 || (await reserve(quotaUrl(0), tenant, randomUUIDv7(), left)).admitted).toBe(true);
      expect((await reserve(quotaUrl(1), tenant, randomUUIDv7(), 1)).admitted).toBe(false);
    });
    await expectNoDrift();
  });
});
