/**
 * `node --import @quotel/instrumentation/register-otel app.js`: as `register`, and starts OpenTelemetry's SDK, for apps that
 * have no tracing. `OTEL_*` configure that part only.
 */
import "./register.ts";
import { startSdk } from "./open-telemetry/start-sdk.ts";
import { warnOnce } from "./process/warn.ts";

const PEERS = ["api", "sdk-node", "instrumentation-http", "instrumentation-express", "instrumentation-undici"];

try {
  await startSdk();
} catch (err) {
  // Metering never depends on tracing, nor the app on either.
  const why = err instanceof Error ? err.message.split("\n")[0] : String(err);
  const install = `npm install ${PEERS.map((name) => `@opentelemetry/${name}`).join(" ")}`;
  warnOnce("QUOTEL_REGISTER_OTEL", `usage is metered, but there is no tracing: ${why}. It takes: ${install}`);
}
