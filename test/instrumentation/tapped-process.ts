import { createMeter } from "../../instrumentation/src/metering/meter.ts";
import type { Meter } from "../../instrumentation/src/metering/meter.ts";
import { installProviderTap } from "../../instrumentation/src/tap/provider-tap.ts";
import type { ProviderTapOptions } from "../../instrumentation/src/tap/provider-tap.ts";
import { startOtlpReceiver } from "./otlp-receiver.ts";
import type { OtlpReceiver } from "./otlp-receiver.ts";
import { startScriptedProvider } from "./providers/scripted-provider.ts";
import type { ScriptedProvider } from "./providers/scripted-provider.ts";

export interface TappedProcess {
  readonly receiver: OtlpReceiver;
  readonly provider: ScriptedProvider;
  readonly meter: Meter;
  /** Delivers what is under way and forgets it. */
  reset(): Promise<void>;
  /** Runs something as if nothing were installed. */
  bare<T>(use: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Meters the provider calls of this test process, with a provider and a receiver of its own. Server requests are not metered here, because
 * the two servers live in this process; tests that need that start the app as its own process.
 */
export async function tapThisProcess(options: Partial<ProviderTapOptions> = {}): Promise<TappedProcess> {
  const receiver = await startOtlpReceiver();
  const provider = await startScriptedProvider();
  const meter = createMeter({
    endpoint: new URL(receiver.url),
    ingestKey: "ingest-key",
    serviceName: "test",
    flushIntervalMs: 20,
  });
  const tap = () => installProviderTap(meter, { hosts: { allowed: [], denied: [] }, ...options });
  let untap = tap();
  return {
    receiver,
    provider,
    meter,
    async reset() {
      await meter.flush(2_000);
      receiver.spans.length = 0;
      provider.reset();
    },
    async bare(use) {
      untap();
      try {
        return await use();
      } finally {
        untap = tap();
      }
    },
    async close() {
      untap();
      meter.stop();
      await provider.close();
      await receiver.close();
    },
  };
}
