import { resolve } from "node:path";

import { installApiCalls } from "../api-calls/api-calls.ts";
import { createMeter } from "../metering/meter.ts";
import type { Meter } from "../metering/meter.ts";
import { callSpans } from "../open-telemetry/call-span.ts";
import { startEstimates } from "../tap/estimate/setting.ts";
import { installProviderTap } from "../tap/provider-tap.ts";
import { accepting } from "../tenant/propagation/accepting.ts";
import { installPropagation } from "../tenant/propagation/propagation.ts";
import { tenantSources } from "../tenant/resolve.ts";
import { userIdSetting } from "../tenant/user/accept-user-id.ts";
import type { Config } from "./config.ts";
import { countersBeside } from "./counters.ts";
import { installExitHooks } from "./exit-hooks.ts";
import { metering } from "./metering.ts";

/** Starts metering in this process; the second call of a process changes nothing and returns the first one's meter. */
export function install(config: Config): Meter {
  const current = metering();
  if (current.meter !== null) return current.meter;
  const meter = createMeter({
    endpoint: config.endpoint,
    ingestKey: config.ingestKey,
    serviceName: config.serviceName,
    countBeside: countersBeside,
    // The app may change its working directory later.
    spool: config.spoolFolder === null ? null : { folder: resolve(config.spoolFolder), bytesMax: config.spoolBytesMax },
  });
  current.meter = meter;
  tenantSources().header = config.tenantHeader;
  callSpans().on = config.traceSpans;
  if (config.estimateTokens) startEstimates();
  userIdSetting().userIds = config.userIds;
  if (config.propagation !== null) {
    accepting().settings = config.propagation;
    installPropagation(config.propagation);
  }
  installApiCalls(meter, config.ignoredPaths);
  installProviderTap(meter, { hosts: config.hosts });
  installExitHooks();
  return meter;
}
