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
  upkeep_failures: "job",
};

/** Seconds: what is slow for a commit, and what is late for a record. */
const WORK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const LAG_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400, 604_800, 2_592_000];
const BATCH_EVENTS = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000];

/** What one collector measures of itself, for `/metrics` and, its counters, for `pipeline_health`. */
export class Metrics {
  readonly counters = new Counters();
  readonly #registry = new Registry();
  readonly #lag: Histogram;
  readonly #batch: Histogram;
  readonly #commit: Histogram;
  readonly #fold: Histogram;

  constructor() {
    const histogram = (name: string, help: string, buckets: number[]): Histogram =>
      new Histogram({ name: PREFIX + name, help, buckets, registers: [this.#registry] });
    this.#lag = histogram("lag_seconds", "Received minus ended, of the oldest event of each request", LAG_SECONDS);
    this.#batch = histogram("batch_events", "Events that share a record transaction", BATCH_EVENTS);
    this.#commit = histogram("commit_seconds", "Time to record a group, retries included", WORK_SECONDS);
    this.#fold = histogram("fold_seconds", "Time to fold what was recorded into the rollups", WORK_SECONDS);
  }

  /** A request's events are about to be recorded; the oldest ended `lagMs` ago. A clock that runs ahead counts as 0. */
  received(lagMs: number): void {
    this.#lag.observe(Math.max(0, lagMs) / 1000);
  }

  /** A record transaction committed. */
  recorded({ intake }: Pick<RecordCounts, "intake">): void {
    this.counters.add("unattributed", intake.unattributed);
    this.counters.add("model_events", intake.modelEvents);
    this.counters.add("unpriced", intake.unpriced);
    this.counters.add("estimated", intake.estimated);
  }

  /** A group was committed, in one transaction or more. */
  committed(events: number, tookMs: number): void {
    this.#batch.observe(events);
    this.#commit.observe(tookMs / 1000);
    this.counters.add("commits");
    this.counters.add("committed_events", events);
    this.counters.add("commit_ms", Math.round(tookMs));
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
