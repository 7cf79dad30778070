import { measureFreshness } from "./app/freshness.ts";
import { measureOverhead } from "./app/overhead.ts";
import { measureRecordCost } from "./app/record-cost.ts";
import { measureStartUp } from "./app/start-up.ts";
import type { RunOptions } from "./command.ts";
import type { Outcome } from "./comparison/row.ts";
import { measureDecode } from "./decode.ts";
import { measureCheck, measureReserve } from "./decisions/decisions.ts";
import { measureBatch } from "./decisions/batch.ts";
import { measureAmongOpen, measureBesideLedger } from "./decisions/scale.ts";
import { measureUnderIngest } from "./decisions/under-ingest.ts";
import { measureUnderLease } from "./decisions/under-lease.ts";
import { measureIngest } from "./ingest/ingest.ts";
import { measureLarge, measureTenants } from "./ingest/scale.ts";

export interface Experiment {
  /** The rows it brings, and what each compares. */
  readonly what: Readonly<Record<string, string>>;
  readonly measure: (run: RunOptions) => Promise<Outcome>;
}

/** Everything that is measured. Rows that share one run belong to one experiment. */
export const EXPERIMENTS: readonly Experiment[] = [
  {
    what: { decode: "OTLP bytes -> spans, one core / protobufjs generated code" },
    measure: measureDecode,
  },
  {
    what: {
      "ingest-copy": "OTLP request -> committed / COPY of the same rows",
      "ingest-naive": "OTLP request -> committed / insert + upsert per event",
    },
    measure: measureIngest,
  },
  {
    what: { "ingest-large": "into a ledger of 30 days / into an empty one" },
    measure: measureLarge,
  },
  {
    what: { "ingest-tenants": "of many tenants / of 500" },
    measure: measureTenants,
  },
  {
    what: {
      "decision-check-http": "/v1/quota/check / bare Express POST",
      "decision-check-limiter": "/v1/quota/check / rate-limiter-flexible",
      "decision-check-p99": "p99 of /v1/quota/check / of bare Express",
    },
    measure: measureCheck,
  },
  {
    what: {
      "decision-reserve-http": "/v1/quota/reservations / bare Express POST",
      "decision-reserve-limiter": "/v1/quota/reservations / rate-limiter-flexible",
      "decision-reserve-p99": "p99 of /v1/quota/reservations / of bare Express",
    },
    measure: measureReserve,
  },
  {
    what: { "decision-lease": "in process under a lease / /v1/quota/reservations" },
    measure: measureUnderLease,
  },
  {
    what: { "decision-batch": "100 tenants x 100 resources, checked / 50 ms" },
    measure: measureBatch,
  },
  {
    what: {
      "decision-ledger-check": "p50 of /v1/quota/check, large ledger / none",
      "decision-ledger-reserve": "p50 of /v1/quota/reservations, large ledger / none",
    },
    measure: measureBesideLedger,
  },
  {
    what: {
      "decision-open-check": "p50 of /v1/quota/check, many open reservations / 10",
      "decision-open-reserve": "p50 of /v1/quota/reservations, many open / 10",
    },
    measure: measureAmongOpen,
  },
  {
    what: {
      "decision-under-ingest-check": "p99 of /v1/quota/check, with full ingest / without",
      "decision-under-ingest-reserve": "p99 of /v1/quota/reservations, with full ingest / without",
    },
    measure: measureUnderIngest,
  },
  {
    what: { "app-overhead": "an Express app, metered / under http + express instrumentation" },
    measure: measureOverhead,
  },
  {
    what: { freshness: "p99 of a request's end -> known to /v1/quota/check / 1 s" },
    measure: measureFreshness,
  },
  {
    what: { "record-cost": "a record taken, on the request's path / 2 us" },
    measure: measureRecordCost,
  },
  {
    what: { "start-up": "added by --import of register / 30 ms" },
    measure: measureStartUp,
  },
];
