import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openCuttableConnection } from "../../database/keys/cuttable-connection.ts";
import { duplicatesSeen, startCollectorProcess } from "../collector/collector-process.ts";
import { emptyDatabase } from "../collector/empty-database.ts";
import { expectStored, ledgerGrows, ledgerHolds, storedEvents } from "../collector/stored-usage.ts";
import { PROTOCOLS, portsOf } from "../protocol.ts";
import { startPython } from "../python/python-program.ts";
import { startUpstream } from "../upstream-collector/upstream-process.ts";

test.each(PROTOCOLS)(
  "the totals behind an upstream Collector with a persistent queue are exact though ours is killed and restarted: %s",
  async (protocol) => {
    const { writerUrl, pool } = await emptyDatabase();
    let collector = await startCollectorProcess(writerUrl);
    const ports = portsOf(collector);
    const upstream = await startUpstream({ ...(await persistent()), target: collector, protocol });
    const service = startPython("usage", upstream, protocol, ["--pause-ms", "5"]);
    for (let kills = 0; kills < 3; kills++) {
      await ledgerGrows(pool);
      await collector.kill();
      // Long enough for a delivery to find nobody there.
      await sleep(500);
      collector = await startCollectorProcess(writerUrl, ports);
    }
    await ledgerGrows(pool);
    service.stop();
    const report = await service.report;
    expect(report.failedExports).toBe(0);
    await ledgerHolds(report.events, pool);
    await upstream.stop();
    expect(upstream.retries()).toBeGreaterThan(0);
    await expectStored(report, pool);
  },
);

test.each(PROTOCOLS)(
  "the totals behind an upstream Collector with a persistent queue are exact though the database was away: %s",
  async (protocol) => {
    const { writerUrl, pool } = await emptyDatabase();
    const connection = await openCuttableConnection(writerUrl);
    onTestFinished(connection.cut);
    const collector = await startCollectorProcess(connection.url);
    const upstream = await startUpstream({ ...(await persistent()), target: collector, protocol });
    const service = startPython("usage", upstream, protocol, ["--pause-ms", "5"]);
    for (let outages = 0; outages < 2; outages++) {
      await ledgerGrows(pool);
      await connection.cut();
      // Long enough for a delivery to be told of it.
      await sleep(1_000);
      await connection.restore();
    }
    await ledgerGrows(pool);
    service.stop();
    const report = await service.report;
    expect(report.failedExports).toBe(0);
    await ledgerHolds(report.events, pool);
    await upstream.stop();
    expect(upstream.retries()).toBeGreaterThan(0);
    await expectStored(report, pool);
  },
);

test.each(PROTOCOLS)(
  "the totals are exact though the upstream Collector before ours is itself killed and restarted from its storage: %s",
  async (protocol) => {
    const { writerUrl, pool } = await emptyDatabase();
    const collector = await startCollectorProcess(writerUrl);
    const options = { ...(await persistent()), target: collector, protocol };
    let upstream = await startUpstream(options);
    const ports = portsOf(upstream);
    const service = startPython("usage", upstream, protocol, ["--pause-ms", "5"]);
    for (let kills = 0; kills < 3; kills++) {
      await ledgerGrows(pool);
      await upstream.kill();
      upstream = await startUpstream({ ...options, ports });
    }
    await ledgerGrows(pool);
    service.stop();
    const report = await service.report;
    expect(report.failedExports).toBe(0);
    await ledgerHolds(report.events, pool);
    await upstream.stop();
    await expectStored(report, pool);
  },
);

test.each(PROTOCOLS)(
  "a queue that an upstream Collector had on disk when it was killed, and that is delivered two times, counts once: %s",
  async (protocol) => {
    const { writerUrl, pool } = await emptyDatabase();
    let collector = await startCollectorProcess(writerUrl);
    const ports = portsOf(collector);
    await collector.kill();

    const { config, storage } = await persistent();
    const options = { config, target: collector, protocol };
    const upstream = await startUpstream({ ...options, storage });
    const report = await startPython("usage", upstream, protocol, ["--requests", "200"]).report;
    await upstream.kill();
    expect(report.failedExports).toBe(0);
    expect(await storedEvents(pool)).toBe(0);
    const copy = join(storage, "../copy");
    await cp(storage, copy, { recursive: true });

    collector = await startCollectorProcess(writerUrl, ports);
    const first = await startUpstream({ ...options, storage });
    await ledgerHolds(report.events, pool);
    await first.stop();
    // None, unless a delivery timed out.
    const before = await duplicatesSeen(collector);
    const second = await startUpstream({ ...options, storage: copy });
    await expect
      .poll(() => duplicatesSeen(collector), { timeout: 30_000 })
      .toBeGreaterThanOrEqual(before + report.events);
    await second.stop();
    await expectStored(report, pool);
  },
);

/** A persistent queue of its own for the running test. */
async function persistent(): Promise<{ readonly config: "persistent"; readonly storage: string }> {
  const folder = await mkdtemp(join(tmpdir(), "quotel-interop-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { config: "persistent", storage: join(folder, "queue") };
}
