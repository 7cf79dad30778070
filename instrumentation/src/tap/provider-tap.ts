import type { Meter } from "../metering/meter.ts";
import { installFetchTap } from "./fetch/fetch-tap.ts";
import type { HostRules } from "./host-rules.ts";
import type { TapLimits } from "./fetch/metered-fetch.ts";
import { installHttp1Tap } from "./node-http/http1-tap.ts";
import { installHttp2Tap } from "./node-http/http2-tap.ts";
import { installUnmeteredWarning } from "./unmetered.ts";

export interface ProviderTapOptions extends Partial<TapLimits> {
  readonly hosts: HostRules;
}

/** Meters every provider call of this process, by whichever of Node's clients it goes out. Returns a function that ends that. */
export function installProviderTap(meter: Meter, options: ProviderTapOptions): () => void {
  const { hosts } = options;
  const limits: TapLimits = {
    drainMs: options.drainMs ?? 5_000,
    drainBytes: options.drainBytes ?? 1_048_576,
    stalledMs: options.stalledMs ?? 300_000,
  };
  const taps = [
    installFetchTap(meter, hosts, limits),
    installHttp1Tap(meter, hosts, limits.stalledMs),
    installHttp2Tap(meter, hosts, limits.stalledMs),
    installUnmeteredWarning(hosts),
  ];
  return () => {
    for (const untap of taps) untap();
  };
}
