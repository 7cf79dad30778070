import { Counter, Gauge, Registry } from "prom-client";
import type { Answer } from "../http/answer.ts";

const PREFIX = "quotel_quota_";

/** What one quota service counts of itself, in Prometheus' text format at `/metrics`. Nothing of any tenant. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #withoutDatabase: Counter;
  readonly #expired: Counter;

  constructor() {
    this.#withoutDatabase = new Counter({
      name: `${PREFIX}decisions_without_database_total`,
      help: "Decisions made while the database was away, by what was decided",
      labelNames: ["mode"],
      registers: [this.#registry],
    });
    this.#expired = new Counter({
      name: `${PREFIX}reservations_expired_total`,
      help: "Reservations whose time ran out before they were closed or settled, by what became of their holds",
      labelNames: ["policy"],
      registers: [this.#registry],
    });
    // From the start, so that an alert on their rise has something to rise from.
    for (const mode of ["fail_open", "fail_closed"]) this.#withoutDatabase.inc({ mode }, 0);
  }

  /** Reservations whose time ran out, that this process found. */
  expired({ released, kept }: { readonly released: number; readonly kept: number }): void {
    this.#expired.inc({ policy: "release" }, released);
    this.#expired.inc({ policy: "keep" }, kept);
  }

  decidedWithoutDatabase(mode: string): void {
    this.#withoutDatabase.inc({ mode });
  }

  /** A number that is read when it is asked for. */
  watch(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name: PREFIX + name,
      help,
      registers: [this.#registry],
      collect: () => gauge.set(read()),
    });
  }

  async answer(): Promise<Answer> {
    return {
      status: 200,
      headers: { "content-type": this.#registry.contentType },
      body: await this.#registry.metrics(),
    };
  }
}
