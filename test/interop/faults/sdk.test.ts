import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openCuttableConnection } from "../../database/keys/cuttable-connection.ts";
import { startCollectorProcess } from "../collector/collector-process.ts";
import { emptyDatabase } from "../collector/empty-database.ts";
import { expectStored, ledgerGrows } from "../collector/stored-usage.ts";
import { PROTOCOLS, portsOf } from "../protocol.ts";
import { startPython } from "../python/python-program.ts";

test.each(PROTOCOLS)(
  "a Python service loses and doubles nothing while its collector is killed and restarted: %s",
  async (protocol) => {
    const { writerUrl, pool } = await emptyDatabase();
    let collector = await startCollectorProcess(writerUrl);
    const ports = portsOf(collector);
    const service = startPython("usage", collector, protocol, ["--pause-ms", "5"]);
    for (let kills = 0; kills < 3; kills++) {
      await ledgerGrows(pool);
      await collector.kill();
      // Long enough for an export to find nobody there.
      await sleep(300);
      collector = await startCollectorProcess(writerUrl, ports);
    }
    await ledgerGrows(pool);
    service.stop();
    const report = await service.report;
    expect(report.warnings, "the SDK had to call again").toBeGreaterThan(0);
    expect(report.failedExports).toBe(0);
    await expectStored(report, pool);
  },
);

test.each(PROTOCOLS)(
  "a Python service loses and doubles nothing while the database behind its collector is away: %s",
  async (protocol) => {
    const { writerUrl, pool } = await emptyDatabase();
    const connection = await openCuttableConnection(writerUrl);
    onTestFinished(connection.cut);
    const collector = await startCollectorProcess(connection.url);
    const service = startPython("usage", collector, protocol, ["--pause-ms", "5"]);
    for (let outages = 0; outages < 2; outages++) {
      await ledgerGrows(pool);
      await connection.cut();
      // Long enough for an export to be told of it.
      await sleep(500);
      await connection.restore();
    }
    await ledgerGrows(pool);
    service.stop();
    const report = await service.report;
    expect(report.warnings, "the SDK was told to come back").toBeGreaterThan(0);
    expect(report.failedExports).toBe(0);
    await expectStored(report, pool);
  },
);
