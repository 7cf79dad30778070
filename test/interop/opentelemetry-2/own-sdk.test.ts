import { inject } from "vitest";

import { describeBesideOwnSdk } from "../../instrumentation/open-telemetry/beside-own-sdk.ts";

describeBesideOwnSdk("OpenTelemetry 2.x", inject("peers").openTelemetry2);
