import type { RunOptions } from "../command.ts";
import type { Outcome } from "../comparison/row.ts";
import { median, sideBySide, spread } from "../comparison/rounds.ts";
import { generatedRequest } from "../spans/otlp-encoder.ts";
import { numberedTenants } from "../spans/realistic-spans.ts";
import { withDurableServer } from "../system/durable-server.ts";
import { HISTORY_DAYS, fillLedger } from "./history.ts";
import { readLedgerRows } from "./ledger-rows.ts";
import { SPANS_PER_REQUEST } from "./otlp-load.ts";
import { startSubject } from "./subject.ts";
import type { IngestSubject } from "./subject.ts";

const SIZES = {
  quick: { requests: 6, rounds: 1, history: 60_000, manyTenants: 5_000 },
  default: { requests: 60, rounds: 5, history: 2_000_000, manyTenants: 100_000 },
  full: { requests: 400, rounds: 7, history: 50_000_000, manyTenants: 100_000 },
} as const;
const FEW_TENANTS = 500;
const GOAL = { atLeast: 0.8 };
/** What the history is made of. */
const SAMPLE_REQUESTS = 20;

/** What sets the two subjects of a row apart. */
interface Comparison {
  readonly id: string;
  readonly oursTenants: number;
  /** Requests of the round that is not counted. */
  readonly warmUpRequests: number;
  /** Makes of two equal subjects what the row compares. Their requests of round 0 are free. */
  readonly prepare: (ours: IngestSubject, baseline: IngestSubject) => Promise<void>;
  readonly note: string;
}

/** Row `ingest-large`: into a ledger that holds 30 days of events, against an empty one. */
export function measureLarge(run: RunOptions): Promise<Outcome> {
  const { history, requests } = SIZES[run.size];
  return measure(run, {
    id: "ingest-large",
    oursTenants: FEW_TENANTS,
    warmUpRequests: requests,
    prepare: async (ours, baseline) => {
      const { since } = await baseline.round(0, SAMPLE_REQUESTS);
      const sample = await readLedgerRows(baseline.client, since, { rowsPerCommit: 5_000, valueRows: 0 });
      await fillLedger(ours.client, sample, history);
    },
    note: `${history} events of ${HISTORY_DAYS} days in the ledger (not in the rollups)`,
  });
}

/** Row `ingest-tenants`: the same load over 100 000 tenants, against 500. Every tenant has had a span before it counts. */
export function measureTenants(run: RunOptions): Promise<Outcome> {
  const { manyTenants, requests } = SIZES[run.size];
  return measure(run, {
    id: "ingest-tenants",
    oursTenants: manyTenants,
    warmUpRequests: Math.max(requests, Math.ceil(manyTenants / SPANS_PER_REQUEST)),
    prepare: async (ours, baseline) => {
      await register(ours, manyTenants);
      await register(baseline, FEW_TENANTS);
    },
    note: `${manyTenants} tenants, each in one span of ${Math.ceil(manyTenants / SPANS_PER_REQUEST)} requests`,
  });
}

/** Two collectors on databases of one server take turns at the same load. */
async function measure({ size, profileFolder }: RunOptions, comparison: Comparison): Promise<Outcome> {
  const { requests, rounds } = SIZES[size];
  const { id, oursTenants, warmUpRequests, prepare, note } = comparison;
  const generated = await generatedRequest();
  const perSecond = await withDurableServer(async (createDatabase) => {
    const subjects: IngestSubject[] = [];
    const start = async (name: string, tenants: number): Promise<IngestSubject> => {
      const options = { generated, tenantIds: numberedTenants(tenants), profileFolder };
      const subject = await startSubject(await createDatabase(name), options);
      subjects.push(subject);
      return subject;
    };
    try {
      const [ours, baseline] = [await start("ours", oursTenants), await start("baseline", FEW_TENANTS)];
      await prepare(ours, baseline);
      const sending = (subject: IngestSubject) => async (round: number) => {
        const ingested = await subject.round(round + 1, round === 0 ? warmUpRequests : requests);
        return ingested.perSecond;
      };
      const results = await sideBySide(
        { ours: sending(ours), baseline: sending(baseline) },
        { warmUp: 1, counted: rounds },
      );
      for (const subject of subjects) await subject.requireRolledUp();
      return results;
    } finally {
      for (const subject of subjects) await subject.stop();
    }
  });
  const value = Math.round(median(perSecond.ours));
  const baseline = Math.round(median(perSecond.baseline));
  return {
    rows: [{ id, unit: "spans/s", value, baseline, goal: GOAL }],
    notes: [`${id}: ${note}; rounds of ours ${spread(perSecond.ours)}, baseline ${spread(perSecond.baseline)}`],
  };
}

/** Tenants that spans make known are bounded per hour; a system of this size has had the time. */
async function register({ client }: IngestSubject, tenants: number): Promise<void> {
  await client.query(
    "insert into quotel.tenants (tenant_id, plan_id) select id, 'trial' from unnest($1::text[]) id on conflict do nothing",
    [numberedTenants(tenants)],
  );
}
