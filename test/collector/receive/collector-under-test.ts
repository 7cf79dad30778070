import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { AuditEvent } from "#database/audit/audit-event";
import type { MetricPoint } from "#database/levels/metric-point";
import type { UsageEvent } from "#database/record/usage-event";
import { startCollector, type Collector } from "../../../collector/collector.ts";
import { readConfig, type CollectorConfig } from "../../../collector/config.ts";
import { Metrics } from "../../../collector/observe/metrics.ts";
import { Reasons } from "../../../collector/reasons.ts";
import type { RefusedItem } from "../../../collector/quarantine/refused-item.ts";
import type { Producer, RecordOutcome } from "../../../collector/record/recorder.ts";

export type RequestBody = NonNullable<RequestInit["body"]>;

export const KEY = "ingest-key";

/** Keeps what it is given in memory. The record stage has its own tests, on Postgres. */
export class MemoryRecorder {
  readonly events: UsageEvent[] = [];
  readonly producers: Producer[] = [];
  readonly refused: RefusedItem[] = [];
  /** The sender's clock at each request, in microseconds. */
  readonly sentAt: (number | null)[] = [];
  closed = false;
  /** What it says next, and when. */
  outcome: () => Promise<RecordOutcome> = () => Promise.resolve({ kind: "committed" });

  async record(
    events: readonly UsageEvent[],
    producer: Producer,
    sentAtMicros: number | null = null,
  ): Promise<RecordOutcome> {
    const outcome = await this.outcome();
    if (outcome.kind === "committed") {
      this.events.push(...events);
      this.producers.push(producer);
      this.sentAt.push(sentAtMicros);
    }
    return outcome;
  }

  async refuse(items: readonly RefusedItem[]): Promise<RecordOutcome> {
    const outcome = await this.outcome();
    if (outcome.kind === "committed") this.refused.push(...items);
    return outcome;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** Keeps points or audit events. */
export class MemoryStore<Item> {
  readonly items: Item[] = [];
  closed = false;

  record(items: readonly Item[]): Promise<{ kind: "committed"; refused: Reasons }> {
    this.items.push(...items);
    return Promise.resolve({ kind: "committed", refused: new Reasons() });
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

export interface CollectorUnderTest extends Collector {
  readonly recorder: MemoryRecorder;
  readonly levels: MemoryStore<MetricPoint>;
  readonly audit: MemoryStore<AuditEvent>;
}

export interface TestOptions {
  readonly config?: Partial<CollectorConfig>;
  readonly authenticate?: (bearerToken: string) => Promise<Producer | null>;
  readonly ready?: () => Promise<boolean>;
}

/** A real collector on a free port, which ends with the test. */
export async function startTestCollector(options: TestOptions = {}): Promise<CollectorUnderTest> {
  const read = readConfig({ QUOTEL_COLLECTOR_PORT: "0" });
  if (read.kind === "invalid") throw new Error(read.problems.join());
  const recorder = new MemoryRecorder();
  const levels = new MemoryStore<MetricPoint>();
  const audit = new MemoryStore<AuditEvent>();
  const collector = await startCollector(
    { ...read.config, ...options.config },
    {
      recorder,
      levels,
      audit,
      refuse: (items) => recorder.refuse(items),
      authenticate:
        options.authenticate ?? ((token) => Promise.resolve(token === KEY ? { keyId: "k1", tenants: null } : null)),
      problems: async () => ((await (options.ready?.() ?? true)) ? [] : ["not ready"]),
      metrics: new Metrics(),
      log: pino({ level: "silent" }),
    },
  );
  onTestFinished(() => collector.close());
  return { ...collector, recorder, levels, audit };
}

/** Posts a body to `/v1/traces` with the test's key; headers given here win, null removes one. */
export function postTraces(
  url: string,
  body: RequestBody,
  headers: Readonly<Record<string, string | null>> = {},
): Promise<Response> {
  const all = { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...headers };
  const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
  return fetch(`${url}/v1/traces`, { method: "POST", body, headers: sent });
}
