import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Pool } from "pg";
import { readBacklog, type Backlog } from "#database/health/read-backlog";
import { readProducers } from "#database/health/read-producers";
import { reportInstance } from "#database/health/report-instance";
import { cleanUp } from "#database/retention/clean-up";
import type { Metrics } from "../observe/metrics.ts";
import { watchProducers } from "../observe/watch-producers.ts";
import { ensurePartitionsAround } from "../record/partitions.ts";
import { keepFolding } from "./folding.ts";
import { repeat, type Repeating } from "./repeat.ts";
import { cutStuckConnections } from "./stuck-connections.ts";
import { keepVerifying } from "./verifying.ts";

/** Partitions are made three days ahead and cleaning up may be late by hours, so neither is in a hurry. */
const PARTITIONS_EVERY_MS = 3_600_000;
const CLEAN_UP_EVERY_MS = 600_000;
/** `pipeline_health` takes a collector for dead after a minute. */
const REPORT_EVERY_MS = 5_000;

interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/**
 * Starts what a collector does beside receiving: partitions, folding, verifying, cleaning up, and reporting what it has
 * counted. Every collector does it all, and none needs to: they take turns by themselves, and what one cannot do because
 * the database is away, a later run does. Resolves when today's partitions are there or could not be made.
 */
export async function startUpkeep(pool: Pool, metrics: Metrics, log: Log): Promise<Repeating> {
  const started = { instanceId: randomUUID(), host: hostname(), startedAt: new Date() };
  let backlog: Backlog | null = null;
  metrics.watch(
    "unfolded_events",
    "Events recorded and not folded into the rollups yet",
    () => backlog?.events ?? null,
  );
  metrics.watch("unfolded_age_seconds", "Age of the oldest of them", () =>
    backlog === null ? null : backlog.oldestAgeMs / 1000,
  );

  const producers = watchProducers(metrics);

  const partitions = (): Promise<void> => ensurePartitionsAround(pool, Date.now());
  const report = async (): Promise<void> => {
    await reportInstance(pool, started, metrics.counters.snapshot());
    backlog = await readBacklog(pool);
    producers.see(await readProducers(pool));
  };
  const clean = async (): Promise<void> => {
    const removed = await cleanUp(pool);
    if (removed.days + removed.rows > 0) log.info({ removed }, "cleaned up");
  };

  const failed =
    (job: string, what: string) =>
    (error: unknown): void => {
      metrics.counters.add(`upkeep_failures.${job}`);
      log.warn({ err: error }, `could not ${what}; trying again`);
    };
  const every = (ms: number, onError: (error: unknown) => void, work: () => Promise<void>): Repeating =>
    repeat(work, { pauseMs: () => ms, onError });
  await partitions().catch(failed("partitions", "make ledger partitions"));
  const jobs = [
    keepFolding(pool, metrics, failed("fold", "fold events into the rollups")),
    keepVerifying(pool, log, failed("verify", "verify the invariants")),
    every(PARTITIONS_EVERY_MS, failed("partitions", "make ledger partitions ahead"), partitions),
    every(REPORT_EVERY_MS, failed("report", "report what was counted"), report),
    every(CLEAN_UP_EVERY_MS, failed("clean_up", "clean up"), clean),
  ];
  const connections = cutStuckConnections(pool);
  return {
    stop: async () => {
      await Promise.all(jobs.map((job) => job.stop()));
      connections.stop();
    },
  };
}
