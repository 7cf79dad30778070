import { randomUUIDv7 } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { driftFromHolds, driftFromLedger } from "../../database/record/usage-oracle.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { ENDINGS } from "../traffic/endings.ts";
import { inParallel } from "../traffic/in-parallel.ts";
import { passedLimits, watchTotals } from "./observed-totals.ts";
import { close, reserve } from "../traffic/quota-client.ts";
import { planFile, startCollector, startQuotaService, stopRooms } from "../processes/rooms.ts";
import { chatEvent, sendSpans } from "../traffic/telemetry.ts";

/** Of tokens, per day and also for life, so that a race at midnight is the same race. */
const LIMIT = 20;
const CLIENTS = 60;
const TENANTS = Array.from({ length: 20 }, (_, i) => i);

describe.each([18, 15] as const)("three quota services and a collector on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
  afterAll(() => admin.end());
  await watchTotals(admin, [{ resource: "tokens", period: "day", amount: LIMIT }]);
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
    const late: (() => Promise<void>)[] = [];
    const left = await inParallel(CLIENTS, asksOf(tenants, 21), async ({ tenant, n }) => {
      const estimate = 2 + (n % 5);
      const { admitted, reservationId } = await reserve(quotaUrl(n), tenant, randomUUIDv7(), estimate);
      if (!admitted) return { tenant, used: 0, reserved: 0 };
      const remains = await ENDINGS[n % ENDINGS.length]!({
        quotaUrl: quotaUrl(n + 1),
        tenant,
        reservationId,
        estimate,
        span: (name, tokens) => chatEvent(tenant, `${n} ${name}`, tokens, reservationId),
        deliver,
        deliverLate: (...spans) => void late.push(() => deliver(...spans)),
      });
      return { tenant, ...remains };
    });
    await inParallel(CLIENTS, late, (send) => send());
    const sums = new Map(tenants.map((tenant) => [tenant, { used: 0, reserved: 0 }]));
    for (const { tenant, used, reserved } of left) {
      const sum = sums.get(tenant)!;
      sum.used += used;
      sum.reserved += reserved;
    }
    expect(await totalsOf(tenants)).toEqual(sums);
    await inParallel(CLIENTS, tenants, async (tenant) => {
      const { used, reserved } = sums.get(tenant)!;
      const free = LIMIT - used - reserved;
      expect(free === 0 || (await reserve(quotaUrl(0), tenant, randomUUIDv7(), free)).admitted).toBe(true);
      expect((await reserve(quotaUrl(1), tenant, randomUUIDv7(), 1)).admitted).toBe(false);
    });
    await expectNoDrift();
  });
});
