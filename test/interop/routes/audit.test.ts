import { expect, test } from "vitest";
import { startCollectorProcess } from "../collector/collector-process.ts";
import { emptyDatabase } from "../collector/empty-database.ts";
import { brokenChains, storedChanges } from "../collector/stored-audit.ts";
import { startPython } from "../python/python-program.ts";
import { openRoute, ROUTES } from "./route.ts";

test.each(ROUTES)(
  "each change that a Python service records among its log lines is one audit event, though delivered twice: $protocol, $through",
  async (route) => {
    const { writerUrl, pool } = await emptyDatabase();
    const { entry, drain } = await openRoute(route, await startCollectorProcess(writerUrl));
    const report = await startPython("audit", entry, route.protocol).report;
    await drain();
    expect(report.failedExports).toBe(0);
    expect(report.changes.length).toBeGreaterThan(0);
    expect(await storedChanges(pool)).toEqual(report.changes);
    expect(await brokenChains(pool)).toEqual([]);
  },
);
