import type { QuotaItem } from "@quotel/conventions";

import { beforeEnd } from "../../process/background.ts";
import { flush } from "../../process/flush.ts";
import { QuotaClient } from "../client/quota-client.ts";
import { uuidV7 } from "../client/uuid-v7.ts";
import { closeInBackground, releaseInBackground } from "../close-work.ts";
import { singleAdmission } from "./admission.ts";
import type { Admission, AdmitOutcome } from "./admission.ts";
import { LeasePool } from "./lease-pool.ts";
import type { LeaseSource } from "./lease-pool.ts";

export interface LeasedQuotaOptions {
  /** Default: one configured by the environment. Its `failMode` decides what no answer means. */
  readonly client?: QuotaClient;
  /** Who brings the usage: the spans of the work (the default), or the service itself when a lease is closed. */
  readonly settle?: "spans" | "now";
  /** A lease that nobody has needed for so long is given back. Default 5000. */
  readonly idleMs?: number;
  /** Leases held at once; beyond them work reserves singly. Default 10 000. */
  readonly leasesMax?: number;
}

const TIDY_EVERY_MS = 1_000;

/**
 * Decides in this process, without a network call, by spending leases: parts of what a tenant has left, held by the
 * service for this process and renewed in the background. Never admits more than the limits allow. What no lease covers
 * (the first request, a request larger than the lease, a limit nearly used up, a rate limit) is reserved singly.
 *
 *     const quota = new LeasedQuota();
 *     const outcome = await quota.admit("acme", [{ resource: "tokens", amount: 1_500 }]);
 *     if (outcome.kind !== "admitted") return refuse();
 *     const tokens = await answer();
 *     outcome.admission.settle([{ resource: "tokens", amount: tokens }]);
 *
 * Leases are given back when they are not needed, when the process ends (with `register` installed) and by `close()`;
 * what a crash leaves behind is held to the end of its period.
 */
export class LeasedQuota {
  /** Admissions under a lease and requests that were reserved singly, since the start. */
  readonly counters = { underLease: 0, singly: 0 };
  readonly #source: LeaseSource;
  readonly #idleMs: number;
  readonly #leasesMax: number;
  readonly #pools = new Map<string, LeasePool[]>();
  #poolCount = 0;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  readonly #end = () => this.#endAll();

  constructor(options: LeasedQuotaOptions = {}) {
    this.#source = { client: options.client ?? new QuotaClient(), settle: options.settle ?? "spans" };
    this.#idleMs = options.idleMs ?? 5_000;
    this.#leasesMax = options.leasesMax ?? 10_000;
    beforeEnd().add(this.#end);
  }

  /** Admits work at once if a lease has room for it. Undefined is no denial: ask with `admit`. */
  take(tenantId: string, items: readonly QuotaItem[]): Admission | undefined {
    const admission = this.#poolOf(tenantId, items)?.take(items, performance.now());
    if (admission !== undefined) this.counters.underLease += 1;
    return admission;
  }

  /** Admits work under a lease if one has room, else by a reservation of its own. Never throws. */
  async admit(tenantId: string, items: readonly QuotaItem[]): Promise<AdmitOutcome> {
    const admission = this.take(tenantId, items);
    if (admission !== undefined) return { kind: "admitted", admission, decision: null };
    this.counters.singly += 1;
    const outcome = await this.#reserve(tenantId, items);
    const isInOurWay = outcome.kind === "denied" && outcome.decision.reason === "QUOTA_EXCEEDED";
    // Perhaps only our own leases stand in the way.
    return isInOurWay && (await this.giveBack(tenantId)) ? this.#reserve(tenantId, items) : outcome;
  }

  /** Gives back what is leased for a tenant, except what running work needs. Resolves to whether there was anything. */
  async giveBack(tenantId: string): Promise<boolean> {
    const nowMs = performance.now();
    const given = (this.#pools.get(tenantId) ?? []).flatMap((pool) => pool.giveBack(nowMs) ?? []);
    await Promise.all(given);
    return given.length > 0;
  }

  /** Gives every lease back, except what running work still needs; from now on everything is reserved singly. */
  async close(timeoutMs = 5_000): Promise<void> {
    this.#endAll();
    beforeEnd().delete(this.#end);
    await flush(timeoutMs);
  }

  async #reserve(tenantId: string, items: readonly QuotaItem[]): Promise<AdmitOutcome> {
    const { client, settle } = this.#source;
    const reservationId = uuidV7();
    const outcome = await client.reserve({ tenantId, items, reservationId });
    if (outcome.kind === "rejected") return outcome;
    const { decision, headers } = outcome;
    if (decision.allowed) {
      const resources = items.map(({ resource }) => resource);
      const admission = singleAdmission(reservationId, (used) => {
        const totals = new Map(used.map(({ resource, amount }) => [resource, amount]));
        void closeInBackground(client, { tenantId, reservationId, resources }, totals, settle);
      });
      return { kind: "admitted", admission, decision };
    }
    // It may have been made although we got no answer.
    if (decision.mode === "fail_closed") releaseInBackground(client, reservationId, tenantId);
    return { kind: "denied", decision, headers };
  }

  #poolOf(tenantId: string, items: readonly QuotaItem[]): LeasePool | undefined {
    const pools = this.#pools.get(tenantId);
    if (pools !== undefined) for (const pool of pools) if (pool.isFor(items)) return pool;
    if (this.#isClosed || this.#poolCount >= this.#leasesMax || !namesEachOnce(items)) return undefined;
    const pool = new LeasePool(this.#source, tenantId, items);
    this.#pools.set(tenantId, [...(pools ?? []), pool]);
    this.#poolCount += 1;
    this.#timer ??= setInterval(() => this.#tidy(), Math.min(TIDY_EVERY_MS, this.#idleMs)).unref();
    return pool;
  }

  #tidy(): void {
    const nowMs = performance.now();
    for (const [tenantId, pools] of this.#pools) {
      const needed = pools.filter((pool) => !pool.tidy(nowMs, this.#idleMs));
      this.#poolCount -= pools.length - needed.length;
      if (needed.length === 0) this.#pools.delete(tenantId);
      else if (needed.length < pools.length) this.#pools.set(tenantId, needed);
    }
    if (this.#poolCount === 0) this.#stopTidying();
  }

  #endAll(): void {
    this.#isClosed = true;
    for (const pools of this.#pools.values()) for (const pool of pools) pool.end();
    this.#pools.clear();
    this.#poolCount = 0;
    this.#stopTidying();
  }

  #stopTidying(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}

function namesEachOnce(items: readonly QuotaItem[]): boolean {
  return items.length > 0 && new Set(items.map(({ resource }) => resource)).size === items.length;
}
