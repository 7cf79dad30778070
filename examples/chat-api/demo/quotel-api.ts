import { setTimeout as sleep } from "node:timers/promises";
import type { AdminTenantUsage, Decision } from "@quotel/conventions";

const POLL_MS = 200;

/** What quotel says of one tenant. */
export interface TenantAccount {
  readonly calls: number;
  readonly tokensBySource: AdminTenantUsage["tokensBySource"];
  readonly costNanoUsd: bigint;
  /** Held by reservations whose usage has not arrived, all resources together. */
  readonly reserved: number;
  /** Used beyond a hard limit, of whichever resource passed its own the furthest; 0 where none was passed. */
  readonly amountOverLimit: number;
}

/** The demo's operator: talks to the quota service with the admin key. */
export class QuotelApi {
  readonly #url: string;
  readonly #adminKey: string;

  constructor(url: string, adminKey: string) {
    this.#url = url;
    this.#adminKey = adminKey;
  }

  async registerTenant(tenantId: string, plan: string): Promise<void> {
    await this.#call("PUT", `/v1/admin/tenants/${tenantId}`, { plan });
  }

  async readAccount(tenantId: string): Promise<TenantAccount> {
    const items = ["tokens", "chat_messages", "embeddings"].map((resource) => ({ resource, amount: 0 }));
    const [usage, decision] = await Promise.all([
      this.#call<AdminTenantUsage>("GET", `/v1/admin/usage?tenantId=${tenantId}`),
      this.#call<Decision>("POST", "/v1/quota/check", { tenantId, items }),
    ]);
    return toAccount(usage, decision);
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { authorization: `Bearer ${this.#adminKey}`, "content-type": "application/json" };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const answer = await fetch(new URL(path, this.#url), init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}

/**
 * Waits until the ledger holds every call that was made and no reservation waits for usage any more. False: it did not
 * come to that in time.
 */
export async function waitUntilSettled(
  api: QuotelApi,
  callsMade: ReadonlyMap<string, number>,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const accounts = await Promise.all(
      Array.from(callsMade, async ([tenantId, made]) => ({ made, account: await api.readAccount(tenantId) })),
    );
    if (accounts.every(({ made, account }) => account.calls >= made && account.reserved === 0)) return true;
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
}

function toAccount(answer: AdminTenantUsage, decision: Decision): TenantAccount {
  const hard = decision.items.filter(({ enforcement }) => enforcement === "hard");
  return {
    calls: answer.usage.reduce((sum, bucket) => sum + bucket.apiCalls, 0),
    tokensBySource: answer.tokensBySource,
    costNanoUsd: answer.usage.reduce((sum, bucket) => sum + BigInt(bucket.costNanoUsd), 0n),
    reserved: decision.items.reduce((sum, item) => sum + item.reserved, 0),
    amountOverLimit: Math.max(0, ...hard.map(({ used, limit }) => (limit === null ? 0 : used - limit))),
  };
}
