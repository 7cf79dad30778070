/**
 * Loaded into every process of the app, behind `register`: watches what the process does by diagnostics channels and writes
 * it down where the doctor reads it. Changes nothing.
 */
import { subscribe } from "node:diagnostics_channel";
import { writeFileSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";

import { meteringCounters } from "../../process/counters.ts";
import { PROCESS_ENDS } from "../../process/exit-hooks.ts";
import { RECORDED } from "../../metering/intake/intake.ts";
import type { UsageRecord } from "../../metering/usage-record.ts";
import { readConfig } from "../../process/config.ts";
import { HostWatch } from "./host-watch.ts";
import type { Observation } from "./observation.ts";
import { FOLDER_VARIABLE, OWN_OPTIONS_VARIABLE } from "./variables.ts";

const WRITE_INTERVAL_MS = 250;

const folder = process.env[FOLDER_VARIABLE];
if (folder !== undefined) observe(folder);

function observe(folder: string): void {
  const settings = readConfig(process.env, process.argv[1]);
  const hosts = new HostWatch(settings.kind === "valid" ? settings.config.hosts : null);
  const observation: Observation = {
    pid: process.pid,
    script: process.argv[1] ?? null,
    registersItself: loadsRegister([...process.execArgv, process.env[OWN_OPTIONS_VARIABLE] ?? ""]),
    ports: [],
    requests: { seen: 0, metered: 0, withoutTenant: 0 },
    hosts: hosts.seen,
    warnings: [],
    counters: null,
  };
  subscribe("tracing:net.server.listen:asyncEnd", (message) => {
    const address = (message as { server: Server }).server.address();
    if (address !== null && typeof address === "object") observation.ports.push(address.port);
  });
  for (const channel of ["http.server.request.start", "http2.server.stream.start"]) {
    subscribe(channel, () => void (observation.requests.seen += 1));
  }
  subscribe(RECORDED, (message) => {
    const record = message as UsageRecord;
    const host = record.attributes["server.address"];
    if (typeof host === "string") hosts.metered(host, Number(record.attributes["server.port"]));
    if (record.eventType !== "api_call") return;
    observation.requests.metered += 1;
    if (record.tenantId === null) observation.requests.withoutTenant += 1;
  });
  process.on("warning", ({ name, message }) => {
    if (name === "QuotelWarning") observation.warnings.push(message);
  });

  const write = (): void => {
    observation.counters = meteringCounters();
    try {
      writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(observation));
    } catch {
      // The doctor has gone; the app goes on.
    }
  };
  write();
  setInterval(write, WRITE_INTERVAL_MS).unref();
  subscribe(PROCESS_ENDS, write);
}

/** Whether Node's options, of the command or of `NODE_OPTIONS`, load our `register`. */
function loadsRegister(options: readonly string[]): boolean {
  return options.some((option) => /quotel\S*register/.test(option));
}
