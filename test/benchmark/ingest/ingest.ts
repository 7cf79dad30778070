import { Client } from "pg";
import { createPool } from "#database/pool";
import { ensurePartitions } from "#database/record/ensure-partitions";
import type { Outcome } from "../experiments.ts";
import { LoadProcess } from "../load/load-process.ts";
import { median, sideBySide } from "../measure.ts";
import { generatedRequest } from "../spans/otlp-encoder.ts";
import { startProgram } from "../system/program.ts";
import { withDurableServer } from "../system/durable-server.ts";
import { copyIn } from "./copy.ts";
import { countEvents, readLedgerRows, serverInstant } from "./ledger-rows.ts";
import type { LedgerRows } from "./ledger-rows.ts";
import { writeOneByOne } from "./naive-writer.ts";
import { INGEST_KEY, REQUESTS_IN_FLIGHT, SPANS_PER_REQUEST, otlpLoad } from "./otlp-load.ts";

const ROWS_PER_COPY = 5_000;
const NAIVE_EVENTS = 1_000;

/**
 * Rows `ingest-copy` and `ingest-naive`: OTLP requests over HTTP to a collector process, until the answer that follows
 * the commit; against the same ledger rows through COPY, and one by one, each into a database of its own on the same
 * server. The baselines write the rows that ours wrote in the same round and the COPY is prebuilt: they decode, price,
 * deduplicate and sum nothing.
 */
export async function measureIngest(full: boolean): Promise<Outcome> {
  const requests = full ? 400 : 60;
  const rounds = { warmUp: 1, counted: full ? 7 : 5 };
  const perSecond = await withDurableServer(async (createDatabase) => {
    const [ours, copied, naive] = [
      await createDatabase("ours"),
      await createDatabase("copied"),
      await createDatabase("naive"),
    ];
    const clients = await Promise.all([ours, copied, naive].map(({ adminUrl }) => connected(adminUrl)));
    const [ourClient, copyClient, naiveClient] = clients as [Client, Client, Client];
    for (const { adminUrl } of [copied, naive]) await makePartitions(adminUrl);
    const collector = await startProgram("collector/main.ts", {
      DATABASE_URL: ours.writerUrl,
      QUOTEL_COLLECTOR_PORT: "0",
      QUOTEL_INGEST_KEY: INGEST_KEY,
    });
    const load = new LoadProcess();
    const generated = await generatedRequest();
    let rows: LedgerRows;
    try {
      const results = await sideBySide(
        {
          ours: async (round) => {
            const since = await serverInstant(ourClient);
            const { seconds, statuses } = await load.run(otlpLoad(generated, collector.url, round, requests));
            rows = await readLedgerRows(ourClient, since, { rowsPerCommit: ROWS_PER_COPY, valueRows: NAIVE_EVENTS });
            requireAll(requests * SPANS_PER_REQUEST, rows.count, statuses);
            return rows.count / seconds;
          },
          copied: async () => {
            const start = performance.now();
            for (const buffer of rows.copyBuffers) {
              await copyIn(copyClient, "copy quotel.usage_events from stdin", buffer);
            }
            return rows.count / secondsSince(start);
          },
          naive: async () => {
            const start = performance.now();
            await writeOneByOne(naiveClient, rows.values);
            return rows.values.length / secondsSince(start);
          },
        },
        rounds,
      );
      const { ledger, rolledUp } = await countEvents(ourClient);
      if (ledger !== rolledUp) throw new Error(`the ledger has ${ledger} events, the rollups ${rolledUp}`);
      return results;
    } finally {
      load.stop();
      await collector.stop();
      await Promise.all(clients.map((client) => client.end()));
    }
  });
  const value = Math.round(median(perSecond.ours));
  const row = (id: string, baseline: number, goal: number) => {
    return { id, unit: "spans/s", value, baseline: Math.round(baseline), ratio: value / baseline, goal };
  };
  return {
    rows: [row("ingest-copy", median(perSecond.copied), 0.8), row("ingest-naive", median(perSecond.naive), 50)],
    notes: [
      `ingest: ${requests} requests of ${SPANS_PER_REQUEST} spans a round, ${REQUESTS_IN_FLIGHT} in flight; ${rounds.counted} rounds; ours ${spread(perSecond.ours)}, COPY ${spread(perSecond.copied)}, one by one ${spread(perSecond.naive)}`,
    ],
  };
}

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
}

/** Our collector makes its own; the baselines' databases get the same. */
async function makePartitions(adminUrl: string): Promise<void> {
  const pool = createPool({ connectionString: adminUrl, applicationName: "quotel-bench", max: 1 });
  const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  await ensurePartitions(pool, day(-31), day(3));
  await pool.end();
}

/** A figure for spans that were not counted would be worth nothing. */
function requireAll(sent: number, counted: number, statuses: Readonly<Record<number, number>>): void {
  if (counted === sent && Object.keys(statuses).join() === "200") return;
  throw new Error(`${sent} spans sent, ${counted} counted, answers by status ${JSON.stringify(statuses)}`);
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

function spread(values: readonly number[]): string {
  return `${Math.round(Math.min(...values))}..${Math.round(Math.max(...values))}`;
}
