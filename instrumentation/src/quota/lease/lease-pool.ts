import type { QuotaItem } from "@quotel/conventions";

import { inBackground } from "../../process/background.ts";
import type { QuotaClient } from "../client/quota-client.ts";
import { uuidV7 } from "../client/uuid-v7.ts";
import { closeInBackground, releaseInBackground } from "../close-work.ts";
import type { Admission } from "./admission.ts";
import { Lease } from "./lease.ts";
import { firstWanted, nextWanted } from "./next-wanted.ts";

/** What a pool asks for leases with. */
export interface LeaseSource {
  readonly client: QuotaClient;
  readonly settle: "spans" | "now";
}

/** After a lease was refused, denied, given back or not answered, its work reserves singly for so long. */
const PAUSE_MS = 5_000;

/** The leases of one tenant and one set of resources: the one that is being spent, and its renewal in the background. */
export class LeasePool {
  readonly #source: LeaseSource;
  readonly #tenantId: string;
  readonly #wanted = new Map<string, number>();
  /** The resources, and what a piece of work asked for of each. */
  readonly #asks = new Map<string, number>();
  #lease: Lease | null = null;
  #isAsking = false;
  #isEnded = false;
  #askFromMs = -Infinity;
  #lastAskedMs = -Infinity;

  constructor(source: LeaseSource, tenantId: string, items: readonly QuotaItem[]) {
    this.#source = source;
    this.#tenantId = tenantId;
    for (const { resource } of items) this.#asks.set(resource, 0);
  }

  /** Whether the items name exactly the resources of this pool. */
  isFor(items: readonly QuotaItem[]): boolean {
    if (items.length !== this.#asks.size) return false;
    for (const { resource } of items) if (!this.#asks.has(resource)) return false;
    return true;
  }

  /** Admits work under the lease if there is room; sees to the next lease when this one is wearing out. */
  take(items: readonly QuotaItem[], nowMs: number): Admission | undefined {
    this.#lastAskedMs = nowMs;
    const lease = this.#lease;
    const admission = lease?.take(items, nowMs);
    if (lease === null || lease.isLow || nowMs >= lease.renewAtMs) {
      // What is too large for a lease with enough left is an exception: no lease should be made for it.
      if (admission === undefined) this.#noteAsks(items);
      this.#renew(nowMs);
    }
    return admission;
  }

  /** Ends what has been needed too long ago or lived too long. True: the pool itself is not needed any more. */
  tidy(nowMs: number, idleMs: number): boolean {
    const isIdle = nowMs - this.#lastAskedMs >= idleMs;
    if (this.#lease !== null && (isIdle || nowMs >= this.#lease.spendUntilMs)) void this.#endLease();
    return isIdle && this.#lease === null && !this.#isAsking && nowMs >= this.#askFromMs;
  }

  /** Ends the lease and leases nothing for a while. Null: there is none to give back, or work is running under it. */
  giveBack(nowMs: number): Promise<void> | null {
    this.#askFromMs = nowMs + PAUSE_MS;
    return this.#endLease();
  }

  /** Leases nothing any more. */
  end(): void {
    this.#isEnded = true;
    void this.#endLease();
  }

  #endLease(): Promise<void> | null {
    const lease = this.#lease;
    this.#lease = null;
    return lease?.end() ?? null;
  }

  #noteAsks(items: readonly QuotaItem[]): void {
    for (const { resource, amount } of items) {
      this.#asks.set(resource, amount);
      if (!this.#wanted.has(resource)) this.#wanted.set(resource, firstWanted(amount));
    }
  }

  #renew(nowMs: number): void {
    if (this.#isAsking || this.#isEnded || nowMs < this.#askFromMs) return;
    this.#isAsking = true;
    this.#measure(nowMs);
    const items = [...this.#wanted].map(([resource, amount]) => ({ resource, amount }));
    void inBackground(this.#ask(uuidV7(), items, nowMs).then((lease) => this.#replace(lease)));
  }

  #replace(lease: Lease | null): void {
    this.#isAsking = false;
    if (lease === null) {
      this.#askFromMs = performance.now() + PAUSE_MS;
      return;
    }
    void this.#endLease();
    this.#lease = lease;
    if (this.#isEnded) void this.#endLease();
    else if (this.#isUseless(lease)) void this.giveBack(performance.now());
  }

  async #ask(reservationId: string, items: readonly QuotaItem[], askedAtMs: number): Promise<Lease | null> {
    const { client, settle } = this.#source;
    const tenantId = this.#tenantId;
    const outcome = await client.lease({ tenantId, reservationId, items });
    // It may have been made although no answer came; what nobody knows of must not be kept to the end of the period.
    if (outcome.kind === "unreachable") releaseInBackground(client, reservationId, tenantId);
    if (outcome.kind !== "decided" || !outcome.decision.allowed || outcome.decision.expiresAt === null) return null;
    const { asOf, expiresAt, items: decided } = outcome.decision;
    const grantedOf = new Map(decided.map(({ resource, granted }) => [resource, granted]));
    const granted = items.map(({ resource }) => ({ resource, amount: grantedOf.get(resource) ?? 0 }));
    // Both instants are the service's, so its clock and ours need not agree.
    const lifeMs = Date.parse(expiresAt) - Date.parse(asOf);
    const resources = items.map(({ resource }) => resource);
    return new Lease({ reservationId, granted, askedAtMs, lifeMs }, (used) =>
      closeInBackground(client, { tenantId, reservationId, resources }, used, settle),
    );
  }

  /** Learns from the lease that is ending how much the next one should be. */
  #measure(nowMs: number): void {
    const lease = this.#lease;
    if (lease === null) return;
    const lifeShare = (nowMs - lease.askedAtMs) / (lease.spendUntilMs - lease.askedAtMs);
    for (const [resource, ask] of this.#asks) {
      this.#wanted.set(resource, nextWanted({ ...lease.spending(resource), lifeShare, ask }));
    }
  }

  /** It has no room for work as it has been asked for: near a limit a lease would only stand in the way. */
  #isUseless(lease: Lease): boolean {
    return [...this.#asks].some(([resource, ask]) => lease.spending(resource).granted < ask);
  }
}
