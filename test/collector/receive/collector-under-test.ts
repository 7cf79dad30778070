import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { UsageEvent } from "#database/record/usage-event";
import { startCollector, type Collector } from "../../../collector/collector.ts";
import { readConfig, type CollectorConfig } from "../../../collector/config.ts";
import type { Producer, RecordOutcome } from "../../../collector/record/recorder.ts";

export type RequestBody = NonNullable<RequestInit["body"]>;

export const KEY = "ingest-key";

/** Keeps what it is given in memory. The record stage has its own tests, on Postgres. */
export class MemoryRecorder {
  readonly events: UsageEvent[] = [];
  readonly producers: Producer[] = [];
  closed = false;
  /** What it says next, and when. */
  outcome: () => Promise<RecordOutcome> = () => Promise.resolve({ kind: "committed" });

  async record(events: readonly UsageEvent[], producer: Producer): Promise<RecordOutcome> {
    const outcome = await this.outcome();
    if (outcome.kind === "committed") {
      this.events.push(...events);
      this.producers.push(producer);
    }
    return outcome;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

export interface CollectorUnderTest extends Collector {
  readonly recorder: MemoryRecorder;
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
  const collector = await startCollector(
    { ...read.config, ...options.config },
    {
      recorder,
      authenticate:
        options.authenticate ?? ((token) => Promise.resolve(token === KEY ? { keyId: "k1", tenants: null } : null)),
      ready: options.ready ?? (() => Promise.resolve(true)),
      log: pino({ level: "silent" }),
    },
  );
  onTestFinished(() => collector.close());
  return { ...collector, recorder };
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
