import { afterAll, expect, test } from "vitest";

import { withTenant } from "@quotel/instrumentation";
import { createMeter } from "../../instrumentation/src/metering/meter.ts";
import { installProviderTap } from "../../instrumentation/src/tap/provider-tap.ts";
import { driftFromLedger } from "../database/record/usage-oracle.ts";
import { startScriptedProvider } from "../instrumentation/providers/scripted-provider.ts";
import { outcomeOf } from "../instrumentation/sdks/faults.ts";
import type { SdkCall } from "../instrumentation/sdks/sdk-call.ts";
import { SDKS, faultsOf } from "../instrumentation/sdks/sdks.ts";
import { startCollectorOnDatabase } from "./processes/collector-on-database.ts";
import { KEYS } from "./processes/rooms.ts";

const { admin, collector } = await startCollectorOnDatabase();

const meter = createMeter({ endpoint: new URL(collector.url), ingestKey: KEYS.ingest, serviceName: "test" });
afterAll(() => meter.stop());
const hosts = { allowed: ["127.0.0.1"], denied: [] };
afterAll(installProviderTap(meter, { hosts, drainMs: 300, stalledMs: 600 }));

/** A provider of its own for each SDK, which is a tenant here. */
const providers = new Map(
  await Promise.all(Object.keys(SDKS).map(async (sdk) => [sdk, await startScriptedProvider()] as const)),
);
afterAll(() => Promise.all([...providers.values()].map((provider) => provider.close())));

/** Makes every call of an SDK with every fault, one fault of a call after another: what they take is mostly rests of the SDKs. */
async function useWithEveryFault(sdk: string): Promise<void> {
  const calls = SDKS[sdk]!(providers.get(sdk)!);
  const useAll = async (call: SdkCall, index: number) => {
    for (const fault of faultsOf(call)) {
      await withTenant(sdk, () => outcomeOf(fault.use(call, `${fault.behaviour}.${index}`)));
    }
  };
  await Promise.all(calls.map(useAll));
}

/** A tenant's events in the ledger, and the tokens among them that are the provider's own figures. */
async function stored(tenant: string): Promise<{ reported: number; events: number }> {
  const { rows } = await admin.query<{ reported: string; events: string }>(
    `select coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) filter (where usage_source = 'provider'), 0) as reported,
       count(*) as events
     from quotel.usage_events where tenant_id = $1`,
    [tenant],
  );
  return { reported: Number(rows[0]!.reported), events: Number(rows[0]!.events) };
}

test("through every fault of every SDK what Postgres holds for a tenant is what its provider's ledger says, to the token", async () => {
  const tenants = [...providers.keys()];
  await Promise.all(tenants.map(useWithEveryFault));
  // The provider counts: whether an SDK tries again after a cut depends on how much of the answer it had read by then.
  const attempts = [...providers.values()].map(({ ledger }) => ledger.attempts);
  const inPostgres = () => Promise.all(tenants.map(stored));
  await expect
    .poll(async () => (await inPostgres()).map(({ events }) => events), { timeout: 15_000, interval: 100 })
    .toEqual(attempts);
  const reported = [...providers.values()].map(({ ledger }) => ledger.inputTokens + ledger.outputTokens);
  expect((await inPostgres()).map((one) => one.reported)).toEqual(reported);
  expect(Math.min(...reported)).toBeGreaterThan(0);
  expect(await driftFromLedger(admin)).toEqual([]);
});
