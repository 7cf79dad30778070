import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { RecordCounts } from "#database/record/record-events";
import { Counters } from "./counters.ts";

const PREFIX = "quotel_collector_";
/** What the label of a family says; of any other it is a reason. Never a tenant or a model: those are for Postgres. */
const LABEL_NAMES: Readonly<Record<string, string>> = {
  requests: "status",
  spans_accepted_by_scope: "scope",
  events: "outcome",
  points: "outcome",
  audit_records: "outcome",
  commits: "signal",
  committed_items: "signal",
  commit_ms: "signal",
  upkeep_failures: "job",
};

/** Seconds: what is slow for a commit, and what is late for a record. */
const WORK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const LAG_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400, 604_800, 2_592_000];
const BATCH_ITEMS = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000];

/** OTLP's word for what came: spans, data points, or log records. */
type Signal = "traces" | "metrics" | "logs";

/** What one collector measures of itself, for `/metrics` and, its counters, for `pipeline_health`. */
export class Metrics {
  readonly counters = new Counters();
  readonly #registry = new Registry();
  readonly #lag: Histogram;
  readonly #batch: Histogram;
  readonly #commit: Histogram;
  readonly #fold: Histogram;

  constructor() {
    const histogram = (name: string, help: string, buckets: number[], labelNames: string[] = []): Histogram =>
      new Histogram({ name: PREFIX + name, help, buckets, labelNames, registers: [this.#registry] });
    const bySignal = ["signal"];
    this.#lag = histogram(
      "lag_seconds",
      "Received minus ended, of the oldest item of a request",
      LAG_SECONDS,
      bySignal,
    );
    this.#batch = histogram("batch_items", "Items that share a record transaction", BATCH_ITEMS, bySignal);
    this.#commit = histogram("commit_seconds", "Time to record a group, retries included", WORK_SECONDS, bySignal);
    this.#fold = histogram("fold_seconds", "Time to fold what was recorded into the rollups", WORK_SECONDS);
  }

  /** A request's items are about to be recorded; the oldest is of `oldestMicros`. A clock that runs ahead is no lag. */
  received(signal: Signal, receivedAtMicros: number, oldestMicros: number): void {
    this.#lag.observe({ signal }, Math.max(0, receivedAtMicros - oldestMicros) / 1e6);
  }

  /** A record transaction committed. */
  recorded({ intake }: Pick<RecordCounts, "intake">): void {
    this.counters.add("unattributed", intake.unattributed);
    this.counters.add("model_events", intake.modelEvents);
    this.counters.add("unpriced", intake.unpriced);
    this.counters.add("estimated", intake.estimated);
  }

  /** A group of one lane was committed, in one transaction or more. */
  committed(signal: Signal, items: number, tookMs: number): void {
    this.#batch.observe({ signal }, items);
    this.#commit.observe({ signal }, tookMs / 1000);
    this.counters.add(`commits.${signal}`);
    this.counters.add(`committed_items.${signal}`, items);
    this.counters.add(`commit_ms.${signal}`, Math.round(tookMs));
  }

  folded(events: number, tookMs: number): void {
    this.#fold.observe(tookMs / 1000);
    this.counters.add("folded_events", events);
  }

  /** A number that is read when it is asked for; null = unknown, and not shown. */
  watch(name: string, help: string, read: () => number | null): void {
    const gauge: Gauge = new Gauge({
      name: PREFIX + name,
      help,
      registers: [this.#registry],
      collect: () => {
        const value = read();
        if (value === null) gauge.remove();
        else gauge.set(value);
      },
    });
  }

  /** Everything, in Prometheus' text format. */
  async text(): Promise<string> {
    for (const [family, counts] of this.counters.families()) this.#show(family, counts);
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #show(family: string, counts: ReadonlyMap<string | null, number>): void {
    const name = `${PREFIX}${family}_total`;
    const labelName = LABEL_NAMES[family] ?? "reason";
    const counter =
      (this.#registry.getSingleMetric(name) as Counter | undefined) ??
      new Counter({ name, help: `${family}, since the start`, labelNames: [labelName], registers: [this.#registry] });
    counter.reset();
    for (const [label, count] of counts) {
      if (label === null) counter.inc(count);
      else counter.inc({ [labelName]: label }, count);
    }
  }
}
