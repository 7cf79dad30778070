import { decodeRow } from "./decode.ts";
import type { BenchmarkRow } from "./decode.ts";
import { measureCheck, measureReserve } from "./decisions/decisions.ts";
import { measureIngest } from "./ingest/ingest.ts";

/** What one measurement brings. Notes are printed below the table and are not in the JSON. */
export interface Outcome {
  readonly rows: readonly BenchmarkRow[];
  readonly notes: readonly string[];
}

export interface Experiment {
  /** The rows it brings, and what each compares. */
  readonly what: Readonly<Record<string, string>>;
  readonly measure: (full: boolean) => Promise<Outcome>;
}

/** Everything that is measured. Rows that share one run belong to one experiment. */
export const EXPERIMENTS: readonly Experiment[] = [
  {
    what: { decode: "OTLP bytes -> spans, one core / protobufjs generated code" },
    measure: async () => ({ rows: [await decodeRow()], notes: [] }),
  },
  {
    what: {
      "ingest-copy": "OTLP request -> committed / COPY of the same rows",
      "ingest-naive": "OTLP request -> committed / insert + upsert per event",
    },
    measure: measureIngest,
  },
  {
    what: {
      "decision-check-http": "/v1/quota/check / bare Express POST",
      "decision-check-limiter": "/v1/quota/check / rate-limiter-flexible",
    },
    measure: measureCheck,
  },
  {
    what: {
      "decision-reserve-http": "/v1/quota/reservations / bare Express POST",
      "decision-reserve-limiter": "/v1/quota/reservations / rate-limiter-flexible",
    },
    measure: measureReserve,
  },
];
