/**
 * An app in trouble, started with the one flag and without a spool: nobody answers at its quota service, and it records more
 * than it has memory for. It sends its parent its counters when that has happened and, once it is told to end, at its end.
 */
import { QuotaClient, meteringCounters, recordUsage, shutdown } from "@quotel/instrumentation";

const LOST_MIN = 50;
/** Large records fill the memory sooner: 32 texts of 256 characters. */
const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`fact_${n}`, String(n).repeat(256)]));

const quota = new QuotaClient({ timeoutMs: 100 });
await quota.check({ tenantId: "acme", items: [{ resource: "api_calls", amount: 1 }] });

while ((meteringCounters()?.dropped ?? 0) < LOST_MIN) {
  recordUsage({ tenantId: "acme", resource: "imports", amount: 1, metadata });
}
process.send?.(meteringCounters());

process.once("message", () => {
  void shutdown(60_000).then(() => process.send?.(meteringCounters(), () => process.exit()));
});
