import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool } from "#database/pool";
import { accountingPeriods } from "#database/periods/period";
import { TotalDeltas, addToTotals } from "#database/totals/add-to-totals";
import { inTransaction } from "#database/transaction";
import type { RunOptions } from "../command.ts";
import type { BenchmarkRow, Outcome } from "../comparison/row.ts";
import { median, sideBySide } from "../comparison/rounds.ts";
import { fillLedger } from "../ingest/history.ts";
import { readLedgerRows } from "../ingest/ledger-rows.ts";
import { startSubject } from "../ingest/subject.ts";
import { LoadProcess } from "../load/load-process.ts";
import { generatedRequest } from "../spans/otlp-encoder.ts";
import { connect } from "../system/connection.ts";
import type { BenchDatabase } from "../system/durable-server.ts";
import { withDurableServer } from "../system/durable-server.ts";
import { CHECK, RESERVE, decisionLoad } from "./endpoints.ts";
import type { Endpoint } from "./endpoints.ts";
import { holdOpen } from "./open-reservations.ts";
import { TENANT_IDS, startQuotaService } from "./subject.ts";

const SIZES = {
  quick: { rounds: 1, roundMs: 500, events: 20_000, open: 2_000 },
  default: { rounds: 5, roundMs: 2_000, events: 1_000_000, open: 100_000 },
  full: { rounds: 9, roundMs: 10_000, events: 50_000_000, open: 100_000 },
} as const;
const FEW_OPEN = 10;
const HISTORY_DAYS = 30;
const SAMPLE_REQUESTS = 4;
/** Beside the noise of two databases that are alike. */
const GOAL = { atMost: 1.2 };

/** Rows `decision-ledger-*`: the p50 of decisions beside a ledger and totals of 30 days, against none. */
export function measureBesideLedger(run: RunOptions): Promise<Outcome> {
  const { events } = SIZES[run.size];
  return measure("decision-ledger", run, `${events} events of ${HISTORY_DAYS} days`, (large) =>
    giveHistory(large, events),
  );
}

/** Rows `decision-open-*`: the p50 of decisions among many open reservations of the same tenants, against few. */
export function measureAmongOpen(run: RunOptions): Promise<Outcome> {
  const { open } = SIZES[run.size];
  return measure("decision-open", run, `${open} open reservations, and ${FEW_OPEN}`, async (large, small) => {
    await holdOpen(large, open);
    await holdOpen(small, FEW_OPEN);
  });
}

/** Two services on databases of one server take turns at the same load; `prepare` makes the one database large. */
async function measure(
  id: string,
  { size, profileFolder }: RunOptions,
  what: string,
  prepare: (large: BenchDatabase, small: BenchDatabase) => Promise<void>,
): Promise<Outcome> {
  const { rounds, roundMs } = SIZES[size];
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  const load = new LoadProcess();
  const results = await withDurableServer(async (createDatabase) => {
    const stops: (() => Promise<void>)[] = [];
    const start = async (database: BenchDatabase): Promise<string> => {
      const service = await startQuotaService(database.writerUrl, folder, profileFolder);
      stops.push(service.stop);
      return service.url;
    };
    try {
      const [large, small] = [await createDatabase("large"), await createDatabase("small")];
      const [largeUrl, smallUrl] = [await start(large), await start(small)];
      await prepare(large, small);
      const p50 = (url: string, endpoint: Endpoint) => async () =>
        (await load.run(decisionLoad(url, endpoint, roundMs))).p50Ms;
      return await sideBySide(
        {
          checkLarge: p50(largeUrl, CHECK),
          checkSmall: p50(smallUrl, CHECK),
          reserveLarge: p50(largeUrl, RESERVE),
          reserveSmall: p50(smallUrl, RESERVE),
        },
        { warmUp: 1, counted: rounds },
      );
    } finally {
      load.stop();
      for (const stop of stops) await stop();
      await rm(folder, { recursive: true });
    }
  });
  const row = (endpoint: string, large: readonly number[], small: readonly number[]): BenchmarkRow => {
    const [value, baseline] = [large, small].map((all) => Number(median(all).toFixed(2)));
    return { id: `${id}-${endpoint}`, unit: "ms", value: value!, baseline: baseline!, goal: GOAL };
  };
  return {
    rows: [
      row("check", results.checkLarge, results.checkSmall),
      row("reserve", results.reserveLarge, results.reserveSmall),
    ],
    notes: [`${id}: ${what}`],
  };
}

/** A ledger of the tenants' events, and totals of every one of its days. */
async function giveHistory(database: BenchDatabase, events: number): Promise<void> {
  const generated = await generatedRequest();
  const collector = await startSubject(database, { generated, tenantIds: TENANT_IDS, profileFolder: null });
  const { since } = await collector.round(0, SAMPLE_REQUESTS);
  const sample = await readLedgerRows(collector.client, since, { rowsPerCommit: 5_000, valueRows: 0 });
  await collector.stop();
  const client = await connect(database.adminUrl);
  await fillLedger(client, sample, events);
  await client.end();
  const pool = createPool({ connectionString: database.writerUrl, applicationName: "quotel-bench", max: 1 });
  for (let daysAgo = 1; daysAgo <= HISTORY_DAYS; daysAgo++) {
    const deltas = new TotalDeltas();
    const periods = accountingPeriods(Date.now() - daysAgo * 86_400_000, []);
    for (const tenantId of TENANT_IDS) deltas.add(tenantId, "tokens", periods, { used: 1 });
    await inTransaction(pool, (client) => addToTotals(client, deltas));
  }
  await pool.end();
}
