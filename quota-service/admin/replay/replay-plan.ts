import type { PoolClient, Pool } from "pg";
import { accountingPeriods, NO_CALENDAR } from "#database/periods/period";
import type { LimitDefinition } from "#database/plans/catalogue";
import { chooseTenants } from "#database/replay/choose-tenants";
import { lockLedger } from "#database/replay/lock-ledger";
import { readUsageBefore } from "#database/replay/read-usage-before";
import { readWork } from "#database/replay/read-work";
import type { WorkRange } from "#database/replay/read-work";
import { readCalendars } from "#database/tenants/read-calendars";
import { inTransaction } from "#database/transaction";
import { TenantReplay, isReplayed } from "./tenant-replay.ts";
import type { TenantOutcome } from "./tenant-replay.ts";

export interface ReplayRequest {
  readonly limits: readonly LimitDefinition[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Null = everyone. */
  readonly tenants: readonly string[] | null;
}

export interface PlanReplay {
  /** From here on events were replayed, hours before it; -Infinity = events only. */
  readonly completeFromMs: number;
  /** How many tenants had used what the plan limits. */
  readonly tenantsReplayed: number;
  /** Those that would have been denied something. */
  readonly denied: ReadonlyMap<string, TenantOutcome>;
}

/** How many tenants are replayed at once: bounds the memory, not the answer. */
const TENANTS_PER_CHUNK = 200;

/** Who would have been denied what, had these limits held in [fromMs, toMs). Reads from one snapshot, changes nothing. */
export async function replayPlan(pool: Pool, request: ReplayRequest): Promise<PlanReplay> {
  return inTransaction(pool, async (client) => {
    const completeFromMs = await lockLedger(client);
    const resources = [...new Set(request.limits.filter(isReplayed).map(({ resource }) => resource))];
    const range = { resources, fromMs: request.fromMs, toMs: request.toMs, completeFromMs };
    const denied = new Map<string, TenantOutcome>();
    let tenantsReplayed = 0;
    for await (const chunk of chunksOfTenants(client, request)) {
      for (const [tenantId, replay] of await replayChunk(client, request.limits, range, chunk)) {
        if (replay.isReplayed) tenantsReplayed += 1;
        const outcome = replay.outcome();
        if (outcome !== null) denied.set(tenantId, outcome);
      }
    }
    return { completeFromMs, tenantsReplayed, denied };
  });
}

async function* chunksOfTenants(client: PoolClient, request: ReplayRequest): AsyncGenerator<readonly string[]> {
  if (request.tenants !== null) {
    const tenants = [...new Set(request.tenants)];
    for (let from = 0; from < tenants.length; from += TENANTS_PER_CHUNK) {
      yield tenants.slice(from, from + TENANTS_PER_CHUNK);
    }
    return;
  }
  for (let after = ""; ;) {
    const chunk = await chooseTenants(client, request, after, TENANTS_PER_CHUNK);
    if (chunk.length > 0) yield chunk;
    if (chunk.length < TENANTS_PER_CHUNK) return;
    after = chunk.at(-1)!;
  }
}

async function replayChunk(
  client: PoolClient,
  limits: readonly LimitDefinition[],
  range: WorkRange,
  tenantIds: readonly string[],
): Promise<ReadonlyMap<string, TenantReplay>> {
  const calendars = await readCalendars(client, tenantIds);
  const starts = tenantIds.map((tenantId) => {
    const { day, month } = accountingPeriods(range.fromMs, calendars.get(tenantId) ?? NO_CALENDAR);
    return { tenantId, dayStartMs: day.startMs, monthStartMs: month.startMs };
  });
  const hasLifetime = limits.some((limit) => isReplayed(limit) && limit.period === "lifetime");
  const before = Map.groupBy(await readUsageBefore(client, starts, range, hasLifetime), ({ tenantId }) => tenantId);
  const replays = new Map(
    tenantIds.map((tenantId) => {
      const calendar = calendars.get(tenantId) ?? NO_CALENDAR;
      return [tenantId, new TenantReplay(limits, calendar, range.fromMs, before.get(tenantId) ?? [])];
    }),
  );
  for await (const work of readWork(client, tenantIds, range)) replays.get(work.tenantId)!.take(work);
  return replays;
}
