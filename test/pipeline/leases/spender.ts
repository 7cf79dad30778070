/**
 * An app that spends leases: many pieces of work at once, small ones, each using a part of what it asked for, until the
 * parent says `finish`. Then it gives everything back and tells what its work used.
 *
 * With `HOLD=1` it begins work under a lease, tells its reservation, and never ends it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { LeasedQuota, QuotaClient } from "@quotel/instrumentation";

const TENANT = process.env["TENANT"] ?? "";
const WORKERS = 8;
const RETRY_MS = 20;

const tokens = (amount: number) => [{ resource: "tokens", amount }];
// However slow the machine: an answer that comes late is no admission.
const client = new QuotaClient({ failMode: "closed", timeoutMs: 10_000 });
const quota = new LeasedQuota({ client, settle: process.env["HOLD"] === "1" ? "spans" : "now", idleMs: 300 });
const finishing = new AbortController();
let used = 0;
let denied = 0;

async function work(): Promise<void> {
  let asked = 3;
  while (!finishing.signal.aborted) {
    const outcome = await quota.admit(TENANT, tokens(asked));
    if (outcome.kind === "admitted") {
      const amount = Math.floor(Math.random() * (asked + 1));
      await sleep(Math.random() * 4);
      outcome.admission.settle(tokens(amount));
      used += amount;
      asked = 1 + Math.floor(Math.random() * 3);
    } else {
      // The last of a limit goes to the smallest requests.
      denied += 1;
      asked = 1;
      await sleep(RETRY_MS);
    }
  }
}

async function hold(): Promise<void> {
  let admission = quota.take(TENANT, tokens(3));
  while (admission === undefined) {
    await sleep(RETRY_MS);
    admission = quota.take(TENANT, tokens(3));
  }
  process.send?.({ reservationId: admission.reservationId });
  // Held for ever: the parent kills.
  setInterval(() => quota.take(TENANT, tokens(0)), 100);
}

async function spend(): Promise<void> {
  await Promise.all(Array.from({ length: WORKERS }, work));
  await quota.close(20_000);
  process.send?.({ used, denied, ...quota.counters });
  process.disconnect?.();
}

process.once("message", () => finishing.abort());
await (process.env["HOLD"] === "1" ? hold() : spend());
