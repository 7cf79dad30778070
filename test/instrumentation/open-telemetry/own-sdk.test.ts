import { resolve } from "node:path";

import { describeBesideOwnSdk } from "./beside-own-sdk.ts";

describeBesideOwnSdk("OpenTelemetry 3.x", resolve(import.meta.dirname, "../../.."));
