/** Runs the fake provider as its own process: prints its base URL, ends on SIGTERM. */
import type { AddressInfo } from "node:net";
import { readConfig } from "./config.ts";
import { seededFaults } from "./faults.ts";
import { createProvider } from "./server.ts";

const read = readConfig(process.env);
if (!read.ok) {
  for (const problem of read.problems) console.error(problem);
  process.exit(1);
}

const { host, port, seed, faultRate, latencyMs } = read.config;
const server = createProvider({ seed, latencyMs, chooseFault: seededFaults(seed, faultRate) });
server.listen(port, host, () => {
  console.log(`provider listening on http://${host}:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
