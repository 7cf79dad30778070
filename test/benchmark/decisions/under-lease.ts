import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as yieldOnce } from "node:timers/promises";
import { LeasedQuota, QuotaClient } from "@quotel/instrumentation";
import type { RunOptions } from "../command.ts";
import type { Outcome } from "../comparison/row.ts";
import { median, sideBySide } from "../comparison/rounds.ts";
import { LoadProcess } from "../load/load-process.ts";
import { withDurableServer } from "../system/durable-server.ts";
import { ASKED, RESERVE, decisionLoad } from "./endpoints.ts";
import { SERVICE_KEY, TENANT_IDS, startQuotaService } from "./subject.ts";

const SIZES = {
  quick: { rounds: 1, roundMs: 500, growMs: 1_000 },
  default: { rounds: 5, roundMs: 3_000, growMs: 15_000 },
  full: { rounds: 9, roundMs: 10_000, growMs: 30_000 },
} as const;
const GOAL = { atLeast: 100 };
/** An app answers requests in between: renewals and closes get their turn. */
const DECISIONS_PER_TURN = 100;

/** Decisions that a lease covered, those that none did, and how long it took. */
interface Spent {
  readonly covered: number;
  readonly uncovered: number;
  readonly seconds: number;
}

/**
 * Row `decision-lease`: admissions in this process under leases, each settled at once, renewals and closes included,
 * against reservations of the same service under 64 connections. Counts what a lease covered; the tenants are those whom no
 * limit binds, because the others are not leased to.
 */
export async function measureUnderLease({ size, profileFolder }: RunOptions): Promise<Outcome> {
  const { rounds, roundMs, growMs } = SIZES[size];
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  const load = new LoadProcess();
  const results = await withDurableServer(async (createDatabase) => {
    const service = await startQuotaService((await createDatabase("ours")).writerUrl, folder, profileFolder);
    const client = new QuotaClient({ url: service.url, serviceKey: SERVICE_KEY, timeoutMs: 10_000 });
    const quota = new LeasedQuota({ client, idleMs: 60_000 });
    try {
      // Leases grow to what their tenants need: twice the size at each renewal.
      await spend(quota, growMs);
      return await sideBySide<"lease" | "reserve", { readonly perSecond: number; readonly spent: Spent | null }>(
        {
          lease: async () => {
            const spent = await spend(quota, roundMs);
            return { perSecond: spent.covered / spent.seconds, spent };
          },
          reserve: async () => {
            const { requests, seconds } = await load.run(decisionLoad(service.url, RESERVE, roundMs));
            return { perSecond: requests / seconds, spent: null };
          },
        },
        { warmUp: 1, counted: rounds },
      );
    } finally {
      await quota.close();
      load.stop();
      await service.stop();
      await rm(folder, { recursive: true });
    }
  });
  const perSecond = (name: "lease" | "reserve"): number =>
    Math.round(median(results[name].map((result) => result.perSecond)));
  const spent = results.lease.flatMap((result) => result.spent ?? []);
  const uncovered = median(spent.map((it) => it.uncovered / (it.covered + it.uncovered)));
  const value = perSecond("lease");
  return {
    rows: [{ id: "decision-lease", unit: "decisions/s", value, baseline: perSecond("reserve"), goal: GOAL }],
    notes: [
      `decision-lease: ${(1e6 / value).toFixed(2)} us each; ${(uncovered * 100).toFixed(2)} % not covered by a lease`,
    ],
  };
}

async function spend(quota: LeasedQuota, forMs: number): Promise<Spent> {
  const tenants = TENANT_IDS.filter((tenantId) => tenantId.startsWith("roomy"));
  let covered = 0;
  let uncovered = 0;
  const startedMs = performance.now();
  for (let next = 0; performance.now() - startedMs < forMs; await yieldOnce()) {
    for (let turn = 0; turn < DECISIONS_PER_TURN; turn += 1) {
      const admission = quota.take(tenants[next]!, ASKED);
      next = (next + 1) % tenants.length;
      if (admission === undefined) {
        uncovered += 1;
        continue;
      }
      admission.settle(ASKED);
      covered += 1;
    }
  }
  return { covered, uncovered, seconds: (performance.now() - startedMs) / 1_000 };
}
