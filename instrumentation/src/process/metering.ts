import type { Meter } from "../metering/meter.ts";
import { perProcess } from "./per-process.ts";

/** The meter of this process. Null until something is installed: nothing is metered then. */
export const metering = perProcess<{ meter: Meter | null }>("metering", () => ({ meter: null }));
