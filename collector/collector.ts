import type { Logger } from "pino";
import type { CollectorConfig } from "./config.ts";
import { Counters } from "./counters.ts";
import { createIngest } from "./ingest/usage.ts";
import { ByteBudget } from "./receive/byte-budget.ts";
import { startReceiver } from "./receive/server.ts";
import type { Producer, Recorder } from "./record/recorder.ts";

/** What the collector is given, so that it opens nothing itself. */
export interface CollectorDeps {
  readonly recorder: Pick<Recorder, "record" | "close">;
  /** The producer behind a bearer token; null = no such ingest key. Rejects when the keys cannot be read. */
  readonly authenticate: (bearerToken: string) => Promise<Producer | null>;
  /** Whether the database answers. */
  readonly ready: () => Promise<boolean>;
  readonly log: Logger;
  /** The current time in Unix milliseconds; the system clock unless given. */
  readonly now?: () => number;
}

export interface Collector {
  readonly url: string;
  readonly counters: Counters;
  /** Stops accepting, ends the requests in flight, then drains the recorder. */
  readonly close: () => Promise<void>;
}

/** Starts receiving. The collector owns the recorder it is given and closes it. Rejects when the port is taken. */
export async function startCollector(config: CollectorConfig, deps: CollectorDeps): Promise<Collector> {
  const counters = new Counters();
  const receiver = await startReceiver({
    ...config,
    traces: {
      authenticate: deps.authenticate,
      ingest: createIngest({ recorder: deps.recorder, counters, now: deps.now ?? Date.now }),
      bodyBytesMax: config.bodyBytesMax,
      budget: new ByteBudget(config.inFlightBytesMax),
    },
    ready: () => deps.ready().catch(() => false),
    onFault: (error) => {
      counters.add("requests_faulted");
      deps.log.error({ err: error }, "a request could not be handled");
    },
  });
  deps.log.info({ url: receiver.url }, "collector is listening");
  return {
    url: receiver.url,
    counters,
    close: async () => {
      await receiver.close();
      await deps.recorder.close();
    },
  };
}
