import type { Client } from "pg";
import { LoadProcess } from "../load/load-process.ts";
import type { Load } from "../load/load.ts";
import type { GeneratedMessage } from "../spans/otlp-encoder.ts";
import { connect } from "../system/connection.ts";
import type { BenchDatabase } from "../system/durable-server.ts";
import { startProgram } from "../system/program.ts";
import { countEventsSince, countRolledUp, serverInstant } from "./ledger-rows.ts";
import { INGEST_KEY, SPANS_PER_REQUEST, endlessOtlp, otlpRound } from "./otlp-load.ts";

/** What a collector has committed in one go. */
export interface Ingested {
  readonly spans: number;
  readonly perSecond: number;
  /** The server's clock before it. */
  readonly since: string;
}

/** A collector process on a database of its own, and the process that sends it spans. */
export interface IngestSubject {
  /** A superuser's connection to its database. */
  readonly client: Client;
  /** A round of requests, none of which was sent before. Rejects unless every span is in the ledger. */
  readonly round: (round: number, requests: number) => Promise<Ingested>;
  /** Full speed for so many milliseconds. Rejects unless every span is in the ledger. */
  readonly during: (ms: number) => Promise<Ingested>;
  /** Rejects unless the rollups say that there are as many events as were sent. */
  readonly requireRolledUp: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface SubjectOptions {
  readonly generated: GeneratedMessage;
  readonly tenantIds: readonly string[];
  readonly profileFolder: string | null;
}

/** Starts the collector as `npm run collector` does, with everything at its default but port and key. */
export async function startSubject(database: BenchDatabase, options: SubjectOptions): Promise<IngestSubject> {
  const env = {
    DATABASE_URL: database.writerUrl,
    QUOTEL_COLLECTOR_PORT: "0",
    QUOTEL_INGEST_KEY: INGEST_KEY,
  };
  const collector = await startProgram("collector/main.ts", env, { profileFolder: options.profileFolder });
  const load = new LoadProcess();
  const client = await connect(database.adminUrl);
  const to = { ...options, collectorUrl: collector.url };
  let spansSent = 0;

  const ingest = async (requests: Load): Promise<Ingested> => {
    const since = await serverInstant(client);
    const { requests: answers, seconds, statuses } = await load.run(requests);
    const spans = answers * SPANS_PER_REQUEST;
    requireAll(spans, await countEventsSince(client, since), statuses);
    spansSent += spans;
    return { spans, perSecond: spans / seconds, since };
  };
  return {
    client,
    round: (round, requests) => ingest(otlpRound(to, round, requests)),
    during: (ms) => ingest(endlessOtlp(to, ms)),
    requireRolledUp: async () => {
      const rolledUp = await countRolledUp(client);
      if (rolledUp !== spansSent) throw new Error(`${spansSent} spans sent, the rollups have ${rolledUp}`);
    },
    stop: async () => {
      load.stop();
      await collector.stop();
      await client.end();
    },
  };
}

/** A figure for spans that were not counted would be worth nothing. */
function requireAll(sent: number, counted: number, statuses: Readonly<Record<number, number>>): void {
  if (counted === sent && Object.keys(statuses).join() === "200") return;
  throw new Error(`${sent} spans sent, ${counted} counted, answers by status ${JSON.stringify(statuses)}`);
}
