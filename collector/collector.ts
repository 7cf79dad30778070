import type { Logger } from "pino";
import type { CollectorConfig } from "./config.ts";
import { createAuditIngest } from "./ingest/audit.ts";
import { createLevelIngest } from "./ingest/levels.ts";
import { oneATurn } from "./ingest/one-a-turn.ts";
import { createUsageIngest } from "./ingest/usage.ts";
import type { Counters } from "./observe/counters.ts";
import type { Metrics } from "./observe/metrics.ts";
import { createPages } from "./observe/pages.ts";
import { createPrice } from "./price/price.ts";
import type { Price } from "./price/price.ts";
import type { Answer } from "./receive/answer.ts";
import type { Refuse } from "./quarantine/refuse.ts";
import { ByteBudget } from "./receive/byte-budget.ts";
import { startGrpcReceiver } from "./receive/grpc/server.ts";
import { startHttpReceiver } from "./receive/http/server.ts";
import type { Receiver } from "./receive/receiver.ts";
import type { AuditRecorder } from "./record/audit-recorder.ts";
import type { LevelRecorder } from "./record/level-recorder.ts";
import type { Producer, Recorder } from "./record/recorder.ts";

/** What the collector is given, so that it opens nothing itself. */
export interface CollectorDeps {
  readonly recorder: Pick<Recorder, "record" | "close">;
  readonly levels: Pick<LevelRecorder, "record" | "close">;
  readonly audit: Pick<AuditRecorder, "record" | "close">;
  readonly refuse: Refuse;
  /** The producer behind a bearer token; null = no such ingest key. Rejects when the keys cannot be read. */
  readonly authenticate: (bearerToken: string) => Promise<Producer | null>;
  /** Why usage should not be sent here right now; empty = it should. */
  readonly problems: () => Promise<readonly string[]>;
  /** Where what the recorders do is counted and measured, too. */
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Prices of the list alone unless given. */
  readonly price?: Price;
  /** The current time in Unix milliseconds; the system clock unless given. */
  readonly now?: () => number;
}

export interface Collector {
  /** OTLP/HTTP. */
  readonly url: string;
  /** OTLP/gRPC, as exporters want it; null = not started. */
  readonly grpcUrl: string | null;
  readonly counters: Counters;
  /** Stops accepting, ends the requests in flight, then drains the recorders. */
  readonly close: () => Promise<void>;
}

/** Starts receiving. The collector owns the recorders it is given and closes them. Rejects when a port is taken. */
export async function startCollector(config: CollectorConfig, deps: CollectorDeps): Promise<Collector> {
  const { recorder, levels, audit, refuse, metrics, price = createPrice(), now = Date.now } = deps;
  const { counters } = metrics;
  const { tenantAttributes } = config;
  const budget = new ByteBudget(config.inFlightBytesMax);
  metrics.watch("bytes_in_flight", "Bytes of the requests that are being handled", () => budget.held);
  const inTurn = oneATurn();
  const options = {
    ...config,
    endpoint: {
      authenticate: deps.authenticate,
      ingest: {
        traces: inTurn(createUsageIngest({ recorder, refuse, counters, price, tenantAttributes, now })),
        metrics: inTurn(createLevelIngest({ recorder, levels, refuse, counters, tenantAttributes, now })),
        logs: inTurn(createAuditIngest({ audit, refuse, counters, tenantAttributes })),
      },
      answerWithinMs: config.answerWithinMs,
      onAnswer: (answer: Answer) => counters.add(`requests.${answer.kind === "accepted" ? 200 : answer.status}`),
      bodyBytesMax: config.bodyBytesMax,
      budget,
    },
    pages: createPages(metrics, deps.problems),
    onFault: (error: unknown) => {
      counters.add("requests_faulted");
      deps.log.error({ err: error }, "a request could not be handled");
    },
  };
  const http = await startHttpReceiver(options);
  let grpc: Receiver | null = null;
  try {
    if (config.grpcPort !== null) grpc = await startGrpcReceiver({ ...options, port: config.grpcPort });
  } catch (error) {
    await http.close();
    throw error;
  }
  deps.log.info({ url: http.url, grpcUrl: grpc?.url }, "collector is listening");
  return {
    url: http.url,
    grpcUrl: grpc?.url ?? null,
    counters,
    close: async () => {
      await Promise.all([http.close(), grpc?.close()]);
      await Promise.all([recorder.close(), levels.close(), audit.close()]);
    },
  };
}
