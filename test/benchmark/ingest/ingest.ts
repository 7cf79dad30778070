import type { Client } from "pg";
import { createPool } from "#database/pool";
import { ensurePartitions } from "#database/record/ensure-partitions";
import type { RunOptions } from "../command.ts";
import type { Goal, Outcome } from "../comparison/row.ts";
import { median, sideBySide, spread } from "../comparison/rounds.ts";
import { generatedRequest } from "../spans/otlp-encoder.ts";
import { numberedTenants } from "../spans/realistic-spans.ts";
import { connect } from "../system/connection.ts";
import { withDurableServer } from "../system/durable-server.ts";
import type { BenchDatabase } from "../system/durable-server.ts";
import { copyIn } from "./copy.ts";
import { readLedgerRows } from "./ledger-rows.ts";
import type { LedgerRows } from "./ledger-rows.ts";
import { makeCounters, writeOneByOne } from "./naive-writer.ts";
import { REQUESTS_IN_FLIGHT, SPANS_PER_REQUEST } from "./otlp-load.ts";
import { startSubject } from "./subject.ts";

const SIZES = {
  quick: { requests: 6, rounds: 1 },
  default: { requests: 150, rounds: 5 },
  full: { requests: 400, rounds: 7 },
} as const;
const TENANTS = 500;
const ROWS_PER_COPY = 5_000;
const NAIVE_EVENTS = 1_000;

/**
 * Rows `ingest-copy` and `ingest-naive`: OTLP requests over HTTP to a collector process, until the answer that follows
 * the commit; against the same ledger rows through COPY, and one by one, each into a database of its own on the same
 * server. The baselines write the rows that ours wrote in the same round and the COPY is prebuilt: they decode, price,
 * deduplicate and sum nothing.
 */
export async function measureIngest({ size, profileFolder }: RunOptions): Promise<Outcome> {
  const { requests, rounds } = SIZES[size];
  const generated = await generatedRequest();
  const perSecond = await withDurableServer(async (createDatabase) => {
    const [database, copied, naive] = [
      await createDatabase("ours"),
      await createDatabase("copied"),
      await createDatabase("naive"),
    ];
    const [copyClient, naiveClient] = [await baselineClient(copied), await baselineClient(naive)];
    await makeCounters(naiveClient);
    const ours = await startSubject(database, { generated, tenantIds: numberedTenants(TENANTS), profileFolder });
    let rows: LedgerRows;
    try {
      const results = await sideBySide(
        {
          ours: async (round) => {
            const { perSecond, since } = await ours.round(round, requests);
            rows = await readLedgerRows(ours.client, since, { rowsPerCommit: ROWS_PER_COPY, valueRows: NAIVE_EVENTS });
            return perSecond;
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
        { warmUp: 1, counted: rounds },
      );
      await ours.requireRolledUp();
      return results;
    } finally {
      await ours.stop();
      await Promise.all([copyClient.end(), naiveClient.end()]);
    }
  });
  const row = (id: string, baseline: readonly number[], goal: Goal) => {
    const value = Math.round(median(perSecond.ours));
    return { id, unit: "spans/s", value, baseline: Math.round(median(baseline)), goal };
  };
  return {
    rows: [
      row("ingest-copy", perSecond.copied, { atLeast: 0.8 }),
      row("ingest-naive", perSecond.naive, { atLeast: 50 }),
    ],
    notes: [
      `ingest: ${requests} requests of ${SPANS_PER_REQUEST} spans a round, ${REQUESTS_IN_FLIGHT} in flight; rounds of ours ${spread(perSecond.ours)}, COPY ${spread(perSecond.copied)}, one by one ${spread(perSecond.naive)}`,
    ],
  };
}

/** A connection to a baseline's database, with the ledger partitions that our collector makes by itself. */
async function baselineClient({ adminUrl }: BenchDatabase): Promise<Client> {
  const pool = createPool({ connectionString: adminUrl, applicationName: "quotel-bench", max: 1 });
  const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  await ensurePartitions(pool, day(-31), day(3));
  await pool.end();
  return connect(adminUrl);
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
