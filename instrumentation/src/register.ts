/** `node --import @quotel/instrumentation/register app.js`: meters the app. Reads the environment; see `Config`. */
import { readConfig } from "./process/config.ts";
import { install } from "./process/install.ts";
import { warnOnce } from "./process/warn.ts";

const result = readConfig(process.env, process.argv[1]);
if (result.kind === "valid") install(result.config);
// Metering never hurts the app: a wrong setting is reported, not thrown.
else warnOnce("QUOTEL_CONFIG", `nothing is metered: ${result.problems.join("; ")}`);
