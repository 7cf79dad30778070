/**
 * A process that records on command and is then ended in some way: what the metering path is to an app, without the app.
 * Started by `recording-process.ts`.
 */
import { createMeter } from "../../../instrumentation/src/metering/meter.ts";
import { installExitHooks } from "../../../instrumentation/src/process/exit-hooks.ts";
import { metering } from "../../../instrumentation/src/process/metering.ts";
import type { Command } from "./recording-process.ts";

const { endpoint, spool, bytesMax, queueBytesMax } = JSON.parse(process.argv[2]!) as {
  endpoint: string;
  spool: string | null;
  bytesMax: number;
  queueBytesMax: number;
};
const meter = createMeter({
  endpoint: new URL(endpoint),
  ingestKey: "key",
  serviceName: `recorder-${process.pid}`,
  spool: spool === null ? null : { folder: spool, bytesMax },
  queueBytesMax,
  flushIntervalMs: 10,
  retryMinMs: 20,
  retryMaxMs: 100,
});
metering().meter = meter;
installExitHooks();

let recorded = 0;
function record(count: number): void {
  for (let n = 0; n < count; n += 1) {
    recorded += 1;
    meter.record({
      eventType: "chat",
      spanName: "chat m",
      traceId: process.pid.toString(16).padStart(32, "0"),
      spanId: recorded.toString(16).padStart(16, "0"),
      parentSpanId: null,
      startMicros: Date.now() * 1000 - 500,
      endMicros: Date.now() * 1000,
      status: "ok",
      tenantId: "acme",
      reservationId: null,
      attributes: { "gen_ai.usage.input_tokens": 1 },
    });
  }
}

/** What `signal-exit` 4 does: it ends the process by the signal, unless somebody else listens and may want to. */
function listenLikeSignalExit(): void {
  const emitter = { count: 1 };
  Object.defineProperty(globalThis, Symbol.for("signal-exit emitter"), { value: emitter });
  const onSignal = () => {
    if (process.listeners("SIGTERM").length !== emitter.count) return;
    process.off("SIGTERM", onSignal);
    process.kill(process.pid, "SIGTERM");
  };
  process.on("SIGTERM", onSignal);
}

process.on("message", (command: Command) => {
  switch (command.do) {
    case "record":
      record(command.count);
      return void process.send!(meter.counters());
    case "record items":
      for (let n = 1; n <= command.count; n += 1) meter.recordItem(command.signal, `{"name":"${n}"}`);
      return void process.send!(meter.counters());
    case "counters":
      return void process.send!(meter.counters());
    case "record and exit":
      record(command.count);
      // As an app might: in the same turn, before anything could be written.
      return process.exit(command.code);
    case "record and throw":
      record(command.count);
      throw new Error("the app's own mistake");
    case "handle SIGTERM":
      process.on("SIGTERM", () => setTimeout(() => process.exit(command.code), 20));
      return void process.send!(meter.counters());
    case "listen like signal-exit":
      listenLikeSignalExit();
      return void process.send!(meter.counters());
    case "end":
      return process.disconnect();
  }
});
process.send!(meter.counters());
